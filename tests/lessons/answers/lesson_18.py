"""Lesson 18, the web app: for each exercise, other right answers, and plausible wrong ones."""

import math
from bisect import bisect_right
from itertools import pairwise

import numpy as np
import torch


def _percentile_by_count(times, fraction):
    for time in sorted(times):
        if sum(other <= time for other in times) >= fraction * len(times):
            return time


def _batches_by_search(arrivals, moment, largest):
    sizes, i = [], 0
    while i < len(arrivals):
        end = min(bisect_right(arrivals, arrivals[i] + moment), i + largest)
        sizes.append(end - i)
        i = end
    return sizes


def _batches_as_lists(arrivals, moment, largest):
    found = []
    for time in arrivals:
        if found and time - found[-1][0] <= moment and len(found[-1]) < largest:
            found[-1].append(time)
        else:
            found.append([time])
    return tuple(map(len, found))


def _batches_by_recursion(arrivals, moment, largest):
    if not arrivals:
        return []
    size = len([time for time in arrivals[:largest] if time <= arrivals[0] + moment])
    return [size, *_batches_by_recursion(arrivals[size:], moment, largest)]


def _batches_by_borders(arrivals, moment, largest):
    borders = [0]
    while borders[-1] < len(arrivals):
        start = borders[-1]
        late = np.array(arrivals)[start:] > arrivals[start] + moment
        borders.append(start + min(largest, int(late.argmax()) if late.any() else len(late)))
    return np.array([b - a for a, b in pairwise(borders)], dtype=int)


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


def _batches_in_slots(arrivals, moment, largest):
    """Time cut into equal slots, whoever comes first."""
    sizes = {}
    for time in arrivals:
        sizes[time // moment] = sizes.get(time // moment, 0) + 1
    return [min(size, largest) for size in sizes.values()]


def _places_by_loop(patience, pass_time, batch):
    place = 0
    while pass_time + math.ceil((place + 1) / batch) * pass_time <= patience:
        place += 1
    return place


def _places_by_batches(patience, pass_time, batch):
    passes = 0
    while pass_time * (passes + 2) <= patience:
        passes += 1
    return passes * batch


def _sure_by_numpy(confidences, right, goal):
    sure, right = np.array(confidences), np.array(right)
    return min(t for t in sure if right[sure >= t].mean() >= goal)


def _sure_by_tensor(confidences, right, goal):
    sure = torch.tensor(confidences, dtype=torch.double)
    answered = (sure[None] >= sure[:, None]).double()  # row: a threshold
    accuracy = answered @ torch.tensor(right).double() / answered.sum(1)
    return sure[accuracy >= goal].min()


def _sure_sorted(confidences, right, goal):
    pairs = sorted(zip(confidences, right, strict=True))
    for i, (threshold, _) in enumerate(pairs):
        rest = [is_right for _, is_right in pairs[i:]]
        if sum(rest) >= goal * len(rest) and (i == 0 or pairs[i - 1][0] < threshold):
            return threshold


def _sure_from_above(confidences, right, goal):
    best = None
    for threshold in sorted(set(confidences), reverse=True):
        answered = [r for c, r in zip(confidences, right, strict=True) if c >= threshold]
        if answered.count(True) / len(answered) >= goal:
            best = threshold
    return best


def _sure_until_it_fails(confidences, right, goal):
    """From above, and it stops where the goal is missed for the first time."""
    best = max(confidences)
    for threshold in sorted(set(confidences), reverse=True):
        answered = [r for c, r in zip(confidences, right, strict=True) if c >= threshold]
        if sum(answered) / len(answered) < goal:
            break
        best = threshold
    return best


def _sure_ties_apart(confidences, right, goal):
    pairs = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    hits, best = 0, None
    for i, (threshold, is_right) in enumerate(pairs):
        hits += is_right
        if hits / (i + 1) >= goal:
            best = threshold
    return best


def _sure_of_all(confidences, right, goal):
    """What is right and above the threshold, of all pictures."""
    for threshold in sorted(confidences):
        hits = sum(r for c, r in zip(confidences, right, strict=True) if c >= threshold)
        if hits / len(right) >= goal:
            return threshold


ANSWERS = {
    "18.break_name": (
        ["....//etc/passwd", "..././cat.png", ("pets/....//cat.png",), ".../...//", "....//....//x"],
        ["../cat.png", "../../cat.png", "..\\..\\cat.png", ".../...", "....\\\\..\\", ("a", "b"), 7],
    ),
    "18.percentile": (
        [
            lambda times, fraction: min(t for t in times if sum(u <= t for u in times) >= fraction * len(times)),
            _percentile_by_count,
            lambda times, fraction: np.quantile(times, fraction, method="inverted_cdf"),
            lambda times, fraction: torch.tensor(times).kthvalue(math.ceil(fraction * len(times))).values,
        ],
        [
            lambda times, fraction: sorted(times)[int(fraction * len(times)) - 1],
            lambda times, fraction: max(times),
            lambda times, fraction: times[math.ceil(fraction * len(times)) - 1],
            lambda times, fraction: sum(times) / len(times),
            lambda times, fraction: np.quantile(times, fraction),  # between two times
            lambda times, fraction: sorted(times)[min(int(fraction * len(times)), len(times) - 1)],
            lambda times, fraction: sorted(set(times))[math.ceil(fraction * len(set(times))) - 1],
        ],
    ),
    "18.batches": (
        [_batches_by_search, _batches_as_lists, _batches_by_recursion, _batches_by_borders],
        [_batches_from_the_last, _batches_without_end, _batches_open_end, _batches_in_slots],
    ),
    "18.places": (
        [
            _places_by_loop,
            _places_by_batches,
            lambda patience, pass_time, batch: (max(patience // pass_time, 1) - 1) * batch,
            lambda patience, pass_time, batch: torch.tensor(math.floor(patience / pass_time) - 1).clamp(0) * batch,
        ],
        [
            lambda patience, pass_time, batch: patience // pass_time * batch,  # as if no pass ran
            lambda patience, pass_time, batch: (patience // pass_time - 1) * batch,  # below zero
            lambda patience, pass_time, batch: max(0, int((patience / pass_time - 1) * batch)),  # parts of a pass
            lambda patience, pass_time, batch: max(0, patience // pass_time - 1),  # passes, not places
            lambda patience, pass_time, batch: patience // (pass_time * batch),  # one by one
            lambda patience, pass_time, batch: max(1, patience // pass_time - 1) * batch,
        ],
    ),
    "18.sure_enough": (
        [_sure_by_numpy, _sure_by_tensor, _sure_sorted, _sure_from_above],
        [
            _sure_until_it_fails,
            _sure_ties_apart,
            _sure_of_all,
            lambda confidences, right, goal: min(c for c, r in zip(confidences, right, strict=True) if r),
            lambda confidences, right, goal: goal,
            lambda confidences, right, goal: sorted(confidences)[int((1 - goal) * len(confidences))],
        ],
    ),
}
