"""One `Learner` in several processes: each takes its samples of every batch, and all take the same step."""

import os
import sys
from collections.abc import Iterable, Iterator
from inspect import signature
from types import TracebackType

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from .callbacks import Fit
from .loaders import Loader
from .losses import loss_count
from .metrics import RunningMean

# DDP would send buffers around in each forward pass, though not every process has rows to validate with
NEW_NAME = "forward_sync_buffers" in signature(DistributedDataParallel).parameters
WITHOUT_SYNC = {"forward_sync_buffers" if NEW_NAME else "broadcast_buffers": False}


class Distributed:
    """Trains one model in all the processes that `torchrun`, `accelerate launch` or `notebook_launcher` started.

    Make it first of all in each process (it finds the process's own GPU), then the same data and the same learner
    everywhere, with this among its callbacks. The batch size stays that of the whole: each process takes its samples of
    each batch, gradients and losses are weighted by samples, and so the step is that of one process. Dropout differs
    between the processes. Batch norm sees the process's own samples (on GPUs `nn.SyncBatchNorm` sees all); its running
    statistics are averaged after each epoch. During a fit, `validate` adds up what the processes found. Only the
    first process shows progress and saves. A process alone trains as without it.

    Every process makes the whole batch before it takes its samples: reading from files is not shared out.

    Args:
        cpu: compute on the CPU though there are GPUs; give the data `device="cpu"` as well.

    Attributes:
        rank, world_size: which process this is, from 0, and of how many.
        device: where this process computes.

    Raises:
        RuntimeError: this process was split off from one that had already made a `Distributed`.
        ValueError (when a fit starts): the processes do not have the same data and settings.

    Built in lesson 19.
    """

    order = -110  # before `GradientAccumulation` counts samples, and the recorder notes the loss

    def __init__(self, cpu: bool = False) -> None:
        from accelerate import PartialState

        state = PartialState(cpu=cpu)
        self.rank, self.world_size, self.device = state.process_index, state.num_processes, state.device
        started = int(os.environ.get("WORLD_SIZE", 1))
        if started != self.world_size:
            found = f"{started} processes were started after a Distributed was made for {self.world_size}"
            raise RuntimeError(f"{found}. Restart the kernel, and make it only inside the function that is launched")
        if self.world_size > 1:
            sys.excepthook = self._first_error
            self.all_reduce(torch.zeros(1, device=self.device))  # all are here; to leave before would break the line

    def _first_error(self, kind: type, error: BaseException, trace: TracebackType | None) -> None:
        """An error ends all processes; the one that failed first says why, and the others nothing."""
        try:
            first = dist.distributed_c10d._get_default_store().add("coursekit failed", 1) == 1
        except (RuntimeError, ValueError):  # the store went down with the process that kept it
            first = False
        if first:
            print(f"Process {self.rank} of {self.world_size} failed, so all of them end:", file=sys.stderr)
            sys.__excepthook__(kind, error, trace)

    # What the learner calls

    def before_fit(self, learn: Fit) -> None:
        """Give every process the first one's weights, and let gradients be added up as they come."""
        if self.world_size == 1:
            return
        self._check_same(learn)
        self.network, self.loss_fn, learn.processes = learn.network, learn.loss_fn, self
        network = torch.compile(learn.network) if learn.compile else learn.network
        learn.network = DistributedDataParallel(network, **WITHOUT_SYNC)
        learn.network.register_comm_hook(None, self._weighted_sum)

    def before_batch(self, learn: Fit) -> None:
        """Count the samples of the whole batch."""
        if self.world_size > 1:
            learn.samples, learn.targets = self.samples, self.targets

    def after_batch(self, learn: Fit) -> None:
        """Make the loss that of the whole batch."""
        if self.world_size > 1:
            learn.loss = self.all_reduce(learn.loss * self.weight)

    def after_fit(self, learn: Fit) -> None:
        """From here on each process works alone."""
        if learn.processes is self:
            learn.network, learn.processes = self.network, None

    def part(self, loader: Loader, model: nn.Module | None = None) -> Iterator[tuple[Tensor, ...]]:
        """This process's samples of each of the loader's batches, in the order that the first process draws.

        Args:
            loader: the same in each process.
            model: what is being trained with them, if so. Then each process gets every batch, since all must take
                every step: if there is no sample for it, one of another's, which counts nothing (`weight` is 0).
        """
        torch.set_rng_state(self.broadcast(torch.get_rng_state()))
        for number, batch in enumerate(loader):
            if number == 0 and self.rank:  # the order is drawn; dropout is to differ
                torch.manual_seed(int(torch.randint(2**40, ())) + self.rank)
            self.targets, self.samples = batch[-1], len(batch[-1])
            start, end = (self.samples * index // self.world_size for index in (self.rank, self.rank + 1))
            if model:
                counts = (loss_count(self.loss_fn, targets) for targets in (self.targets[start:end], self.targets))
                self.weight = float(next(counts)) / (float(next(counts)) or 1.0)
            if end > start or model:
                yield tuple(tensor[start:end] if end > start else tensor[:1] for tensor in batch)
        for layer in model.modules() if model else ():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.track_running_stats:
                for statistic in (layer.running_mean, layer.running_var):
                    self.all_reduce(statistic.div_(self.world_size))

    def all_reduce_means(self, means: Iterable[RunningMean]) -> None:
        """Turn each process's sums and counts into those of all."""
        for mean in means:
            sums = torch.stack([torch.as_tensor(m, dtype=torch.float64) for m in (mean.total, mean.count)])
            mean.total, mean.count = self.all_reduce(sums.to(self.device)).cpu()

    def gather(self, batches: list) -> list:
        """What all processes have kept, one after the other."""
        from accelerate.utils import gather_object

        return gather_object(batches) if self.world_size > 1 else batches

    # Talking to the other processes; each of these must be called in all of them

    def all_reduce(self, tensor: Tensor) -> Tensor:
        """The sum over the processes, written into `tensor` too."""
        if self.world_size > 1:
            dist.all_reduce(tensor)
        return tensor

    def broadcast(self, tensor: Tensor) -> Tensor:
        """The first process's tensor, on the CPU."""
        tensor = tensor.to(self.device, copy=True)
        if self.world_size > 1:
            dist.broadcast(tensor, src=0)
        return tensor.cpu()

    def barrier(self) -> None:
        """Go on when all have come here: before reading a file that the first one writes, say."""
        if self.world_size > 1:
            dist.barrier()

    def _weighted_sum(self, state: object, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
        """A bucket of gradients, each process's weighted by its fraction of the samples; plain DDP takes the mean."""
        done = dist.all_reduce(bucket.buffer().mul_(self.weight), async_op=True).get_future()
        return done.then(lambda future: future.value()[0])

    def _check_same(self, learn: Fit) -> None:
        data = learn.data
        own = {"samples": data.train.samples, "batch size": data.train.batch_size, "batches in the fit": learn.steps}
        own |= {"held-out samples": data.valid.samples if data.valid else 0}
        own |= {"trained numbers": sum(p.numel() for p in learn.model.parameters() if p.requires_grad)}
        everyone = self.gather([own])
        for name in own:
            if len({found[name] for found in everyone}) > 1:
                each = ", ".join(f"process {i} has {found[name]}" for i, found in enumerate(everyone))
                raise ValueError(f"the processes differ in their {name}: {each}. Give each of them the whole data")
        if data.device.type != self.device.type:
            raise ValueError(f"the data is on {data.device} and the processes compute on {self.device}; see cpu=")
