"""Writing a measurement, and the machine it was taken on, into benchmarks/README.md."""

import os
import platform
import re
import subprocess
from datetime import date
from pathlib import Path

from .targets import judged

README = Path(__file__).with_name("README.md")


def machine():
    """One line: processor, cores, GPU if it was used, versions, date."""
    import torch

    import coursekit as ck

    chosen = ck.device()
    gpu = f"{torch.cuda.get_device_name()}, " if chosen.type == "cuda" else ""
    cores, threads = os.cpu_count(), torch.get_num_threads()
    return (
        f"{gpu}{processor()}, {cores} cores; on the {chosen.type}, {threads} threads; PyTorch {torch.__version__}, "
        f"Python {platform.python_version()}, {platform.system()}; {date.today()}"
    )


def processor():
    """The processor's name, as the operating system gives it."""
    try:
        if platform.system() == "Darwin":
            return subprocess.check_output(["sysctl", "-n", "machdep.cpu.brand_string"], encoding="utf-8").strip()
        return re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))[1].strip()
    except (OSError, TypeError):
        return platform.processor() or platform.machine()


def in_16_bits():
    """A callback to train in 16 bits, in a list; an empty one where the processor has no instructions for them."""
    import torch

    import coursekit as ck

    return [ck.MixedPrecision()] if torch.cpu.get_capabilities().get("avx512_bf16") else []


def table(heads, rows):
    """A markdown table, its first column to the left and the others to the right."""
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values, form):
    """The values' median, smallest and largest as text."""
    values = sorted(values)
    low, middle, high = (form.format(value) for value in (values[0], values[len(values) // 2], values[-1]))
    return f"{middle} ({low} to {high})"


def inside(whole, name):
    """What stands between the marks `<!-- name -->` and `<!-- /name -->`; a ValueError without them."""
    _, start, rest = whole.partition(f"<!-- {name} -->\n")
    text, end, after = rest.partition(f"<!-- /{name} -->")
    if not (start and end):
        raise ValueError(f"there are no marks <!-- {name} --> and <!-- /{name} --> to write between")
    if start in after:
        raise ValueError(f"the mark <!-- {name} --> is there twice: delete one, and what stands below it")
    return text


def between(whole, name, text):
    """The whole with `text` between its marks; a ValueError without them."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    return whole.replace(f"{start}{inside(whole, name)}{end}", f"{start}{text}\n{end}")


def write(name, text):
    """Replace what stands between the README's marks by this table, judged by its targets, and print it."""
    text = judged(name, text)
    README.write_text(between(README.read_text(encoding="utf-8"), name, text), encoding="utf-8")
    print(text)
