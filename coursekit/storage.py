"""Tensors and metadata in one safetensors file, written whole or not at all; nothing is ever unpickled."""

import json
import os
from itertools import zip_longest
from numbers import Real
from pathlib import Path

import torch
from torch import Tensor, nn

from .arguments import in_words


def is_first_process() -> bool:
    """Whether this process writes files and shows progress: it works alone, or has rank 0 among several.

    Built in lesson 19.
    """
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0


def check_whole(what: str, value: object) -> None:
    """Raise a ValueError unless the value is a whole number, at least one; `what` is said of it in the message."""
    if not isinstance(value, Real) or isinstance(value, bool) or value < 1 or value % 1:
        raise ValueError(f"{what} is a whole number, at least one; found {value!r}")


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step: until all is on disk, an older one stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def with_suffix(path: Path | str) -> Path:
    """The path, ending in `.safetensors`."""
    path = Path(path)
    return path if path.suffix == ".safetensors" else path.with_name(path.name + ".safetensors")


@in_words
def save_tensors(path: Path | str, tensors: dict[str, Tensor], metadata: dict) -> Path:
    """Write tensors, and metadata that JSON can hold, to `path`, whole or not at all; gives the file's path.

    Of several processes (lesson 19) only the first writes. Single numbers of NumPy and PyTorch become Python's.

    Raises:
        ValueError: something that is no tensor.
        TypeError: metadata that JSON cannot hold.

    Used in lesson 09.
    """
    from safetensors.torch import save

    path = with_suffix(path)
    text = json.dumps(metadata, default=_plain)
    if is_first_process():
        contiguous = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        write_whole(path, save(contiguous, {"metadata": text}))
    return path


def _plain(value: object) -> object:
    """A number of NumPy or PyTorch as Python's."""
    try:
        return value.item()
    except (AttributeError, RuntimeError, ValueError):
        found = f"{type(value).__name__} is not JSON serializable"
        raise TypeError(f"metadata hold numbers, texts, lists and dictionaries; {found}") from None


@in_words
def load_tensors(path: Path | str) -> tuple[dict[str, Tensor], dict]:
    """Read back what `save_tensors` wrote: the tensors (on the CPU) and the metadata.

    Raises:
        FileNotFoundError: there is no such file; those beside it are named.
        ValueError: the file is not a whole safetensors file.

    Used in lesson 09.
    """
    from safetensors import SafetensorError, safe_open

    path = with_suffix(path)
    if not path.exists():
        there = sorted(file.name for file in path.parent.glob("*.safetensors"))
        raise FileNotFoundError(f"no saved model at {path}; its folder holds {', '.join(there) or 'none'}")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get("metadata", "{}"))
            return {key: file.get_tensor(key) for key in file.keys()}, metadata  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error})") from error


def load_weights(model: nn.Module, weights: dict[str, Tensor], origin: str) -> None:
    """Put weights into the model, all or none; see `check_weights`."""
    check_weights(model, weights, origin)
    model.load_state_dict(weights)


def check_weights(model: nn.Module, weights: dict[str, Tensor], origin: str) -> None:
    """Raise a ValueError if the weights are another model's: the first name or shape that differs is told."""
    own = model.state_dict()
    if missing := [name for name in own if name not in weights]:
        problem = f"{missing[0]!r} is not in the file"
    elif extra := [name for name in weights if name not in own]:
        problem = f"the file's {extra[0]!r} is not in this model"
    elif wrong := [name for name in own if own[name].shape != weights[name].shape]:
        shapes = tuple(weights[wrong[0]].shape), tuple(own[wrong[0]].shape)
        problem = f"{wrong[0]!r} has shape {shapes[0]} in the file and {shapes[1]} in this model"
    else:
        return
    raise ValueError(f"{origin} holds another model's weights: {problem}. The model was not changed")


ON_PURPOSE = (
    "load it into a learner whose data have the same; to go on from its weights on purpose, use "
    "learn.model.load_state_dict(ck.load_tensors(path)[0])"
)


def check_same(there: dict[str, list], here: dict[str, list], origin: str, advice: str = ON_PURPOSE) -> None:
    """Raise a ValueError where numbers stand for other things there than here: classes, columns, users, bounds.

    Weights fit any model of their shapes. What tells a cat from a dog, though, tells no film from another: so data,
    models and files say what their numbers stand for, and are compared wherever two of them meet.

    Args:
        there: of the file (or other data), by what is listed; what one side does not say is compared as nothing.
        here: of this learner.
        origin: what `there` is of, for the message.
        advice: what to do.
    """
    for what in here | there:
        found, own = there.get(what, []), here.get(what, [])
        if found != own:
            first = next(i for i, (a, b) in enumerate(zip_longest(found, own, fillvalue=...)) if a != b)
            differ = f"different from number {first} on ({found[first:][:3]} there, {own[first:][:3]} here)"
            counts = f"{origin} was made for other {what}: {len(found)} there, {len(own)} here"
            raise ValueError(f"{counts}, {differ}. The model was not changed: {advice}")
