"""Many pictures, one forward pass."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from .limits import Limits


class Batcher:
    """Answers questions that come at the same time together: a thread takes them from a queue, a batch at a time.

    Args:
        answer: from a list of questions to the list of their answers.
        limits: `batch`, the most in one; `moment`, how long the first waits for others; `at_once`, the queue's places.
    """

    def __init__(self, answer: Callable[[list], list], limits: Limits) -> None:
        self.answer, self.limits = answer, limits
        self.waiting = queue.Queue(limits.at_once)
        self.answered = self.passes = 0
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def ask(self, question: object) -> Future:
        """Put a question in the queue; the future will hold its answer.

        Raises:
            queue.Full: all places are taken.
        """
        future = Future()
        self.waiting.put_nowait((question, future))
        return future

    def stop(self) -> None:
        """Answer what is in the queue, then end the thread."""
        self.waiting.put(None)
        self.thread.join()

    def _collect(self) -> tuple[list, bool]:
        """The next batch, and whether more is to come."""
        batch, until = [], None
        while len(batch) < self.limits.batch:
            try:
                item = self.waiting.get(timeout=until and max(0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return batch, False
            if item[1].set_running_or_notify_cancel():  # nobody waits for a cancelled one
                batch.append(item)
            until = until or time.monotonic() + self.limits.moment
        return batch, True

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._collect()
            if not batch:
                continue
            self.passes += 1
            try:
                answers = self.answer([question for question, _ in batch])
            except Exception as error:  # of ours: each who waits must hear of it, and the next batch be answered
                for _, future in batch:
                    future.set_exception(error)
                continue
            self.answered += len(batch)
            for (_, future), one in zip(batch, answers, strict=True):
                future.set_result(one)
