"""Tensors and notes in one safetensors file, written whole or not at all; nothing is ever unpickled."""

import json
import os
from itertools import zip_longest
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

    Used in lesson 09.
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

    Used in lesson 09.
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


class MadeFor:
    """Saving and loading with what a model's numbers stand for: goes before `Learner` among the bases of a learner.

    Weights fit any model of their shapes. What tells a cat from a dog, though, tells no film from another: so a file
    says what it was made for, and `load` compares. A file that does not say it is taken as it is.
    """

    def made_for(self) -> dict[str, list]:
        """What the numbers that come out stand for: the classes in their order, the bounds where there are any."""
        names = getattr(getattr(self.data, "kind", None), "names", ())
        bounds = getattr(self.model, "output_range", None) or ()
        return {"classes": list(names), "bounds of the outputs": list(map(float, bounds))}

    def save(self, path: Path | str, **notes: object) -> Path:
        """Write the weights, what they were made for, and notes, to one safetensors file; see `Learner.save`."""
        return super().save(path, **notes | {"made_for": self.made_for()})

    def check_notes(self, notes: dict, origin: str) -> None:
        """Raise a ValueError if the notes of a file say that its weights are not for this learner."""
        check_same(notes.get("made_for", {}), self.made_for(), origin)


ON_PURPOSE = (
    "load it into a learner whose data have the same; to go on from its weights on purpose, use "
    "learn.model.load_state_dict(ck.load_tensors(path)[0])"
)


def check_same(there: dict[str, list], here: dict[str, list], origin: str, advice: str = ON_PURPOSE) -> None:
    """Raise a ValueError if a file was made for other classes, users ... than there are here, and say what to do."""
    for what, own in here.items():
        found = there.get(what, own)
        if found != own:
            first = next(i for i, (a, b) in enumerate(zip_longest(found, own, fillvalue=...)) if a != b)
            raise ValueError(
                f"{origin} was made for other {what}: {len(found)} there, {len(own)} here, different from number "
                f"{first} on ({found[first : first + 3]} there, {own[first : first + 3]} here). The model was not "
                f"changed: {advice}"
            )
