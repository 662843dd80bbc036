"""One `Learner` in several processes: each takes its rows of every batch, and all take the same step."""

import os
import sys
from collections.abc import Iterable, Iterator
from inspect import signature
from types import TracebackType
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from .loaders import Loader
from .metrics import RunningMean

if TYPE_CHECKING:
    from .learner import Learner

# DDP would send buffers around in each forward pass, though not every process has rows to validate with
NEW_NAME = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
WITHOUT_SYNC = {"forward_sync_buffers" if NEW_NAME else "broadcast_buffers": False}


class Distributed:
    """Trains one model in all the processes that `torchrun`, `accelerate launch` or `notebook_launcher` started.

    Make it first of all in each process (it finds the process's own GPU), then the same data and the same learner
    everywhere, with this among its callbacks. The batch size stays that of the whole: each process takes its rows of
    each batch, gradients and losses are weighted by rows, and so the step is that of one process. Dropout differs
    between the processes. Batch norm sees the process's own rows (on GPUs `nn.SyncBatchNorm` sees all); its running
    statistics are averaged after each epoch. During a fit, `validate` adds up what the processes found. Only the
    first process shows progress and saves. A process alone trains as without it.

    Every process makes the whole batch before it takes its rows: reading from files is not shared out.

    Args:
        cpu: compute on the CPU though there are GPUs; give the data `device="cpu"` as well.

    Attributes:
        index, count: which process this is, from 0, and of how many.
        device: where this process computes.

    Raises:
        RuntimeError: this process was split off from one that had already made a `Distributed`.
        ValueError (when a fit starts): the processes do not have the same data and settings.

    Built in lesson 19.
    """

    def __init__(self, cpu: bool = False) -> None:
        from accelerate import PartialState

        state = PartialState(cpu=cpu)
        self.index, self.count, self.device = state.process_index, state.num_processes, state.device
        started = int(os.environ.get("WORLD_SIZE", 1))
        if started != self.count:
            raise RuntimeError(
                f"{started} processes were started, and this one believes in {self.count}: a Distributed was made "
                "before they were started. Restart the kernel, and make it only inside the function that is launched"
            )
        if self.count > 1:
            sys.excepthook = self._first_error
            self.sum(torch.zeros(1, device=self.device))  # all are here; who left before would break the others' line

    def _first_error(self, kind: type, error: BaseException, trace: TracebackType | None) -> None:
        """An error ends all processes; the one that failed first says why, and the others nothing."""
        try:
            first = dist.distributed_c10d._get_default_store().add("coursekit failed", 1) == 1
        except (RuntimeError, ValueError):  # the store went down with the process that kept it
            first = False
        if first:
            print(f"Process {self.index} of {self.count} failed, so all of them end:", file=sys.stderr)
            sys.__excepthook__(kind, error, trace)

    # What the learner calls

    def before_fit(self, learn: "Learner") -> None:
        """Give every process the first one's weights, and let gradients be added up as they come."""
        if self.count == 1:
            return
        self._check_same(learn)
        self.forward, learn.processes = learn.forward, self
        learn.forward = DistributedDataParallel(learn.forward, **WITHOUT_SYNC)
        learn.forward.register_comm_hook(None, self._weighted_sum)

    def after_backward(self, learn: "Learner") -> None:
        """Make the loss, and its rows, those of the whole batch."""
        if self.count > 1:
            learn.loss, learn.rows = self.sum(learn.loss * self.share), self.rows

    def after_fit(self, learn: "Learner") -> None:
        """From here on each process works alone."""
        if learn.processes is self:
            learn.forward, learn.processes = self.forward, None

    def part(self, loader: Loader, model: nn.Module | None = None) -> Iterator[tuple[Tensor, ...]]:
        """This process's rows of each of the loader's batches, in the order that the first process draws.

        Args:
            loader: the same in each process.
            model: what is being trained with them, if so. Then each process gets every batch, since all must take
                every step: if there is no row for it, one of another's, which counts nothing (`share` is 0).
        """
        torch.set_rng_state(self.of_first(torch.get_rng_state()))
        for number, batch in enumerate(loader):
            if number == 0 and self.index:  # the order is drawn; dropout is to differ
                torch.manual_seed(int(torch.randint(2**40, ())) + self.index)
            self.rows = len(batch[-1])
            start, end = (self.rows * index // self.count for index in (self.index, self.index + 1))
            self.share = (end - start) / self.rows
            if self.share or model:
                yield tuple(tensor[start:end] if self.share else tensor[:1] for tensor in batch)
        for layer in model.modules() if model else ():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.track_running_stats:
                for statistic in (layer.running_mean, layer.running_var):
                    self.sum(statistic.div_(self.count))

    def add_up(self, means: Iterable[RunningMean]) -> None:
        """Turn each process's sums and counts into those of all."""
        means = list(means)
        sums = torch.tensor([[float(m.total), float(m.count)] for m in means], dtype=torch.float64)
        for mean, (total, count) in zip(means, self.sum(sums.to(self.device)).tolist(), strict=True):
            mean.total, mean.count = total, count

    # Talking to the other processes; each of these must be called in all of them

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over the processes, written into `tensor` too."""
        if self.count > 1:
            dist.all_reduce(tensor)
        return tensor

    def of_first(self, tensor: Tensor) -> Tensor:
        """The first process's tensor, on the CPU."""
        tensor = tensor.to(self.device, copy=True)
        if self.count > 1:
            dist.broadcast(tensor, src=0)
        return tensor.cpu()

    def wait(self) -> None:
        """Go on when all have come here: before reading a file that the first one writes, say."""
        if self.count > 1:
            dist.barrier()

    def _weighted_sum(self, state: object, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        """A bucket of gradients, each process's weighted by its share of the rows; plain DDP takes the mean."""
        done = dist.all_reduce(bucket.buffer().mul_(self.share), async_op=True).get_future()
        return done.then(lambda future: future.value()[0])

    def _check_same(self, learn: "Learner") -> None:
        from accelerate.utils import gather_object

        data = learn.data
        own = {"rows": data.train.rows, "batch size": data.train.batch_size, "batches in the fit": learn.steps}
        own |= {"held-out rows": data.valid.rows if data.valid else 0}
        own |= {"trained numbers": sum(p.numel() for p in learn.model.parameters() if p.requires_grad)}
        everyone = gather_object([own])
        for name in own:
            if len({found[name] for found in everyone}) > 1:
                each = ", ".join(f"process {i} has {found[name]}" for i, found in enumerate(everyone))
                raise ValueError(
                    f"the processes differ in their {name}: {each}. Give each the whole data; it takes its own rows"
                )
        if data.device.type != self.device.type:
            raise ValueError(f"the data is on {data.device} and the processes compute on {self.device}; see cpu=")
