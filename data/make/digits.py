"""Write the `digits` sample: 1,797 real handwritten digits, 8x8, in MNIST's own file format.

Source: UCI "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998; CC BY 4.0), its 1,797-row part,
read from the copy that scikit-learn carries. Every fifth digit is held out: 1,437 to train on, 360 to test on.
The grey levels stay as they are, 0 (paper) to 16 (ink).
"""

import struct
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "digits"


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write unsigned bytes in the IDX format: two zero bytes, the type, the rank, each length, then the values."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def main(target: Path = TARGET) -> None:
    """Split and write the four files into `target`."""
    digits = load_digits()
    held_out = np.arange(len(digits.target)) % 5 == 0
    target.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", ~held_out), ("t10k", held_out)):
        write_idx(target / f"{name}-images-idx3-ubyte", digits.images[rows])
        write_idx(target / f"{name}-labels-idx1-ubyte", digits.target[rows])


if __name__ == "__main__":
    main()
