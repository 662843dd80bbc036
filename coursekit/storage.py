"""Tensors and notes in one safetensors file, written whole or not at all; nothing is ever unpickled."""

import json
import os
from pathlib import Path

from torch import Tensor, nn

from .devices import first_process


def with_suffix(path: Path | str) -> Path:
    """The path, ending in `.safetensors`."""
    path = Path(path)
    return path if path.suffix == ".safetensors" else path.with_name(path.name + ".safetensors")


def save_tensors(path: Path | str, tensors: dict[str, Tensor], notes: dict) -> Path:
    """Write tensors, and notes that JSON can hold, to `path`; until all is on disk, an older file stays as it was.

    Of several processes (lesson 19) only the first writes.

    Built in lesson 09.
    """
    from safetensors.torch import save

    path = with_suffix(path)
    if not first_process():
        return path
    content = save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, {"notes": json.dumps(notes)})
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
    return path


def load_tensors(path: Path | str) -> tuple[dict[str, Tensor], dict]:
    """Read back what `save_tensors` wrote: the tensors (on the CPU) and the notes.

    Raises:
        FileNotFoundError: there is no such file; those beside it are named.
        ValueError: the file is not a whole safetensors file.

    Built in lesson 09.
    """
    from safetensors import SafetensorError, safe_open

    path = with_suffix(path)
    if not path.exists():
        there = sorted(file.name for file in path.parent.glob("*.safetensors"))
        raise FileNotFoundError(f"no saved model at {path}; its folder holds {', '.join(there) or 'none'}")
    try:
        with safe_open(str(path), framework="pt") as file:
            notes = json.loads((file.metadata() or {}).get("notes", "{}"))
            return {key: file.get_tensor(key) for key in file.keys()}, notes  # noqa: SIM118 (not a dict)
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
    else:
        wrong = [name for name in own if own[name].shape != weights[name].shape]
        if not wrong:
            return
        problem = (
            f"{wrong[0]!r} has shape {tuple(weights[wrong[0]].shape)} in the file and "
            f"{tuple(own[wrong[0]].shape)} in this model"
        )
    raise ValueError(f"{origin} holds another model's weights: {problem}. The model was not changed")
