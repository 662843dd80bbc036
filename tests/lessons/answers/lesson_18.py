"""Lesson 18, the web app: for each exercise, other right answers, and plausible wrong ones."""

import math
import string
from bisect import bisect_right

FORMATS = (("JPEG", b"\xff\xd8\xff"), ("PNG", b"\x89PNG\r\n\x1a\n"), ("GIF", b"GIF87a"), ("GIF", b"GIF89a"))


def _sniff_by_list(first):
    found = [file_format for file_format, start in FORMATS if first[: len(start)] == start]
    found += ["WEBP"] * (first.startswith(b"RIFF") and first[8:].startswith(b"WEBP"))
    return (found or ["unknown"])[0]


def _sniff_anywhere(first):
    return next(
        (file_format for file_format, start in FORMATS if start in first), "WEBP" if b"WEBP" in first else "unknown"
    )


def _sniff_short(first):
    starts = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG", "GIF": b"GIF", "WEBP": b"RIFF"}
    return next((file_format for file_format, start in starts.items() if first.startswith(start)), "unknown")


def _status_at_once(megabytes, file_format, megapixels, whole):
    failed = [(megabytes > 10, 413), (not megabytes, 422), (file_format == "unknown", 415), (megapixels > 25, 413)]
    return next((number for is_so, number in [*failed, (not whole, 422)] if is_so), 200)


def _status_file_format_first(megabytes, file_format, megapixels, whole):
    return 415 if file_format == "unknown" else _status_at_once(megabytes, file_format, megapixels, whole)


def _status_whole_first(megabytes, file_format, megapixels, whole):
    return 422 if not whole and file_format != "unknown" else _status_at_once(megabytes, file_format, megapixels, whole)


def _batches_by_search(arrivals, moment, largest):
    sizes, i = [], 0
    while i < len(arrivals):
        end = min(bisect_right(arrivals, arrivals[i] + moment), i + largest)
        sizes.append(end - i)
        i = end
    return sizes


def _batches_from_the_last(arrivals, moment, largest):
    sizes, last = [], -math.inf
    for time in arrivals:
        if time - last > moment or sizes[-1] == largest:
            sizes.append(0)
        sizes[-1] += 1
        last = time
    return sizes


def _batches_without_end(arrivals, moment, largest):
    return _batches_by_search(arrivals, moment, 10**9)


def _batches_open_end(arrivals, moment, largest):
    return _batches_by_search(arrivals, moment - 1e-9, largest)


def _name_by_letters(name):
    last = name.replace("\\", "/").rpartition("/")[2]
    allowed = string.ascii_letters + string.digits + ".-_"
    safe = "".join(letter if letter in allowed else "_" for letter in last)
    while safe.startswith("."):
        safe = safe[1:]
    return safe if safe else "file"


def _name_of_any_letters(name):
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in last).lstrip(".") or "file"


ANSWERS = {
    "18.sniff": ([_sniff_by_list], [_sniff_anywhere, _sniff_short, lambda first: "JPEG"]),
    "18.status": (
        [_status_at_once],
        [
            _status_file_format_first,
            _status_whole_first,
            lambda megabytes, file_format, megapixels, whole: 200 if whole else 422,
        ],
    ),
    "18.batches": ([_batches_by_search], [_batches_from_the_last, _batches_without_end, _batches_open_end]),
    "18.safe_name": (
        [_name_by_letters],
        [
            lambda name: name.replace("../", ""),
            lambda name: name.split("/")[-1],
            lambda name: _name_by_letters(name.replace("\\", "_")),
            lambda name: "".join(
                c if c.isalnum() or c in ".-_" else "_" for c in name.replace("\\", "/").split("/")[-1]
            ),
        ],
    ),
    "18.percentile": (
        [lambda times, fraction: min(t for t in times if sum(u <= t for u in times) >= fraction * len(times))],
        [
            lambda times, fraction: sorted(times)[int(fraction * len(times)) - 1],
            lambda times, fraction: max(times),
            lambda times, fraction: times[math.ceil(fraction * len(times)) - 1],
            lambda times, fraction: sum(times) / len(times),
        ],
    ),
}
