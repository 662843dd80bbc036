"""Write `data/MANIFEST.sha256`: the SHA-256 sum of every sample file, as `sha256sum --check` in `data/` reads it."""

import hashlib
from pathlib import Path

DATA = Path(__file__).parents[1]
NAME = "MANIFEST.sha256"


def sample_files(data: Path) -> list[Path]:
    """Every file below `data` that belongs to a sample, and none that is hidden, in the same order everywhere."""
    files = [file.relative_to(data) for file in data.rglob("*") if file.is_file()]
    own = [file for file in files if file.parts[0] not in ("make", "README.md", "full.json", NAME)]
    return sorted((file for file in own if not any(part.startswith(".") for part in file.parts)), key=Path.as_posix)


def main(data: Path = DATA) -> None:
    """Write the manifest of `data`."""
    lines = [f"{hashlib.sha256((data / f).read_bytes()).hexdigest()}  {f.as_posix()}\n" for f in sample_files(data)]
    (data / NAME).write_bytes("".join(lines).encode())


if __name__ == "__main__":
    main()
