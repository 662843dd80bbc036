"""Solutions to lesson 18, with the cases that an answer is tried on."""

import math
import re

from coursekit.classroom.exercises import Exercise


def sniff(first):
    starts = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}
    for file_format, start in starts.items():
        if first.startswith(start):
            return file_format
    if first[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    return "WEBP" if first[:4] == b"RIFF" and first[8:12] == b"WEBP" else "unknown"


def status(megabytes, file_format, megapixels, whole):
    if megabytes > 10:
        return 413
    if megabytes == 0:
        return 422
    if file_format == "unknown":
        return 415
    if megapixels > 25:
        return 413
    return 200 if whole else 422


def batches(arrivals, moment, largest):
    sizes, until = [], -math.inf
    for time in arrivals:
        if time > until or sizes[-1] == largest:
            sizes.append(0)
            until = time + moment
        sizes[-1] += 1
    return sizes


def safe_name(name):
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", last).lstrip(".") or "file"


def percentile(times, fraction):
    return sorted(times)[math.ceil(fraction * len(times)) - 1]


EXERCISES = {
    "sniff": Exercise(
        sniff,
        "first.startswith(...) for three; for WebP compare first[:4] and first[8:12]",
        lambda: [
            (b"\xff\xd8\xff",),
            (b"\x89PNG\r\n\x1a\n",),
            (b"GIF89a",),
            (b"GIF87a\x10\x00",),
            (b"RIFF\x24\x00\x00\x00WEBP",),
            (b"RIFF\x24\x00\x00\x00WAVE",),
            (b"RIFFWEBP",),
            (b"",),
            (b"PNG",),
            (b"GIF is what this text is about",),
            (b"a \xff\xd8\xff in the middle",),
            (b"\x89PNG is no PNG",),
        ],
    ),
    "status": Exercise(
        status,
        "four questions, one after the other; the first that fails decides",
        lambda: [
            (1, "JPEG", 12, True),
            (0, "unknown", 0, False),
            (1, "unknown", 0, False),
            (11, "PNG", 1, True),
            (0.01, "PNG", 100, True),
            (2, "GIF", 1, False),
            (11, "unknown", 0, False),
            (0.01, "PNG", 100, False),
            (10, "WEBP", 25, True),
        ],
    ),
    "percentile": Exercise(
        percentile,
        "sort; give the k-th smallest, where k is fraction times how many, rounded up",
        lambda: [
            ([3.0], 0.99),
            ([2.0, 1.0], 0.5),
            ([2.0, 1.0], 0.75),
            ([4.0, 2.0, 1.0, 3.0], 1.0),
            ([5.0, 1.0, 4.0, 2.0], 0.25),
            ([float((7 * i) % 200) for i in range(200)], 0.99),
        ],
    ),
    "safe_name": Exercise(
        safe_name,
        "re.split(r'[/\\\\]', name)[-1]; then re.sub and lstrip; then, is anything left?",
        lambda: [
            ("cat.png",),
            ("my cat.png",),
            ("../../../etc/passwd",),
            ("..\\..\\cat.png",),
            ("..",),
            ("",),
            ("pets/",),
            (".hidden",),
            ("Müsli & co.jpg",),
            ("a-b_c.1.PNG",),
            ("cat.png\n",),
            ("<b>.gif",),
        ],
    ),
    "batches": Exercise(
        batches,
        "keep the time until which the present batch is open, and its size",
        lambda: [
            ([0.0], 1.0, 4),
            ([0.0, 5.0], 1.0, 4),
            ([0.0, 1.0], 1.0, 4),
            ([0.0, 0.5, 1.5], 1.0, 4),
            ([0.0, 0.0, 0.0], 1.0, 2),
            ([0.0, 0.75, 1.5, 2.25], 1.0, 8),
            ([], 1.0, 4),
            ([0.0, 0.25, 0.5, 0.75, 1.0, 3.0, 3.0], 1.0, 3),
        ],
    ),
}
