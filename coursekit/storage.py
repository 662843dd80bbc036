"""Tensors and metadata in one safetensors file, written whole or not at all; nothing is ever unpickled.

Whole objects (a model, what prepares its inputs) are written as their classes' names and attributes. Read back they are
made without calling anything, and only of classes that are known to be harmless, or that the reader names: so that a
stranger's file can do no harm.
"""

import functools
import json
import os
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from inspect import isclass
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


def write_whole(path: Path, content: bytes, durable: bool = True) -> None:
    """Replace a file in one step: until all is on disk, an older one stays as it was.

    `durable=False` does not wait for the disk, for what can be made anew if the system stops at that moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            if durable:
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
            # copies: tensors that look into the file would keep it open, and Windows writes no file that is open
            return {key: file.get_tensor(key).clone() for key in file.keys()}, metadata  # noqa: SIM118 (not a dict)
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


# Objects

MODULES = ("torch.nn.modules.", "torchvision.models.", "torchvision.ops.", "coursekit.")  # whose nn.Modules are known
FUNCTIONS = ("torch.nn.functional", "torch._C._nn", "coursekit.losses")  # of tensors alone
PLAIN = (bool, int, float, str, type(None))
SERIES = {list: "list", tuple: "tuple", torch.Size: "tuple", set: "set"}
MAPPINGS = {dict: "dict", OrderedDict: "ordered"}
MAKES = {"list": list, "tuple": tuple, "set": set, "dict": dict, "ordered": OrderedDict}


def save_objects(path: Path | str, thing: object) -> Path:
    """Write an object, all that it holds, and its tensors; gives the file's path.

    Raises:
        ValueError: it holds what is neither a module, nor coursekit's, nor plain data; the message says where.
    """
    tensors: dict[str, Tensor] = {}
    described = _described(thing, type(thing).__name__, tensors, {})
    return save_tensors(path, tensors, {"object": described})


def _name(thing: object) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _described(thing: object, where: str, tensors: dict[str, Tensor], seen: dict[int, tuple[int, object]]) -> object:
    """An object as JSON, its tensors put aside; `seen` has what was met before by its id, and keeps it alive."""

    def inner(part: object, name: object) -> object:
        return _described(part, where if str(name).startswith("_") else f"{where}.{name}", tensors, seen)

    if isinstance(thing, PLAIN):
        return thing
    if id(thing) in seen:
        return {"same": seen[id(thing)][0]}
    if type(thing) in MAPPINGS:
        return {MAPPINGS[type(thing)]: [[inner(key, key), inner(value, key)] for key, value in thing.items()]}
    if type(thing) in SERIES:
        parts = sorted(thing) if type(thing) is set else thing
        return {SERIES[type(thing)]: [inner(part, i) for i, part in enumerate(parts)]}
    if isinstance(thing, functools.partial):
        return {"partial": inner([thing.func, thing.args, thing.keywords], "partial")}
    if isclass(thing) or getattr(thing, "__module__", None) in FUNCTIONS and hasattr(thing, "__qualname__"):
        return {"name": _name(thing)}
    number = len(seen)
    seen[id(thing)] = number, thing
    if isinstance(thing, Tensor):
        tensors[str(number)] = thing
        return {"tensor": number} | ({"trained": thing.requires_grad} if isinstance(thing, nn.Parameter) else {})
    state = {name: inner(value, name) for name, value in _state(thing, where).items()}
    return {"object": number, "class": _name(type(thing)), "state": state}


def _state(thing: object, where: str) -> dict[str, object]:
    """The attributes of a module, or of what is coursekit's, but for those that are worked out from others."""
    made_of = type(thing)
    if not isinstance(thing, nn.Module) and not any(one.__module__.startswith("coursekit.") for one in made_of.__mro__):
        advice = "put a module of torch.nn in its place, or take it away"
        raise ValueError(f"{where} is a {made_of.__name__}, {thing!r:.60}, which no file can hold: {advice}")
    own = getattr(made_of, "__getstate__", None) is not getattr(object, "__getstate__", None)
    state = thing.__getstate__() if own else vars(thing)
    cached = {name for name in state if isinstance(getattr(made_of, name, None), functools.cached_property)}
    return {name: value for name, value in state.items() if name not in cached}


def load_objects(path: Path | str, trust: Sequence[type] = ()) -> object:
    """Read back what `save_objects` wrote, the tensors on the CPU.

    Args:
        path: of the file.
        trust: classes or functions beside torch.nn's, torchvision's and coursekit's that the file may ask for.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, holds no object, or one of another class; the class is named.
    """
    tensors, metadata = load_tensors(path)
    if "object" not in metadata:
        raise ValueError(f"{path} holds weights only, for the load of a learner: learn.export(path) writes a whole one")
    try:
        return _made(metadata["object"], tensors, {}, {thing.__qualname__: thing for thing in trust}, str(path))
    except (LookupError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise ValueError(f"{path} is damaged, or of another version of coursekit ({error!r})") from error


def _made(told: object, tensors: dict[str, Tensor], seen: dict[int, object], trusted: dict, path: str) -> object:
    """What `_described` told of; classes are looked up, never called."""

    def inner(part: object) -> object:
        return _made(part, tensors, seen, trusted, path)

    if isinstance(told, PLAIN):
        return told
    what = next(iter(told))
    if what == "same":
        return seen[told["same"]]
    if what in MAPPINGS.values():
        return MAKES[what]((inner(key), inner(value)) for key, value in told[what])
    if what in MAKES:
        return MAKES[what](map(inner, told[what]))
    if what == "partial":
        function, arguments, keywords = inner(told["partial"])
        return functools.partial(function, *arguments, **keywords)
    if what == "name":
        return _found(told["name"], trusted, path, False)
    if what == "tensor":
        tensor = tensors[str(told["tensor"])]
        seen[told["tensor"]] = nn.Parameter(tensor, told["trained"]) if "trained" in told else tensor
        return seen[told["tensor"]]
    made_of = _found(told["class"], trusted, path, True)
    made = seen[told["object"]] = made_of.__new__(made_of)
    state = {name: inner(value) for name, value in told["state"].items()}
    made.__setstate__(state) if hasattr(made, "__setstate__") else vars(made).update(state)
    return made


def _found(name: str, trusted: dict[str, object], path: str, to_make: bool) -> type | Callable:
    """The class or function of this name, if the file may ask for it: as a value fewer may be had than made."""
    module, _, last = name.rpartition(".")
    if module.startswith("torchvision."):
        import torchvision  # noqa: F401 (its models are found in sys.modules)
    if re.fullmatch(r"coursekit\.(vision|tabular|text)\.[a-z]+", module):
        with suppress(ImportError):
            import_module(module)
    thing = getattr(sys.modules.get(module), last, None)  # nothing else is imported because a file says so
    if thing is not None and getattr(thing, "__qualname__", None) == last and thing.__module__ == module:
        is_class, ours = isclass(thing), module.startswith("coursekit.")
        known = is_class and module.startswith(MODULES) and (issubclass(thing, nn.Module) or (ours and to_make))
        if known or (not is_class and not to_make and module in FUNCTIONS):
            return thing
    mine = next((thing for known, thing in trusted.items() if name == known or name.endswith(f".{known}")), None)
    if mine is None:
        known = "modules of torch.nn and torchvision, and what is coursekit's, are loaded without being asked about"
        advice = f"if you know what it is, and where the file is from: ck.load(path, trust=[{last}])"
        raise ValueError(f"{path} asks for {name}; only {known}: {advice}")
    return mine
