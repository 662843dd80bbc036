"""Lesson 24: other right answers, and wrong ones to be found wrong."""

import math
import re
from urllib.parse import urlsplit

import numpy as np
import torch


def _by_split(address):
    path = re.split("[?#]", address)[0]
    name = re.sub("[^0-9A-Za-z.]+", "_", path[path.rfind("/") + 1 :]).strip("_.")
    return name if name else "image"


def _letter_by_letter(address):
    allowed = "abcdefghijklmnopqrstuvwxyz"
    allowed += allowed.upper() + "0123456789."
    done = ""
    for letter in urlsplit(address).path.split("/")[-1]:
        done += letter if letter in allowed else "" if done.endswith("_") else "_"
    # a run that holds an underscore of the name itself is one run, too
    return "_".join(part for part in done.split("_") if part).strip("._") or "image"


def _by_partition(address):
    name = address.partition("#")[0].partition("?")[0].rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9.]+", "_", name)
    name = re.sub(r"^[._]+|[._]+$", "", name)
    return name or "image"


def _by_words(address):
    name = urlsplit(address).path.rsplit("/", 1)[-1]
    return "_".join(re.findall(r"[A-Za-z0-9.]+", name)).strip("._") or "image"


def _name(cut="[?#]", first=False, pattern="[^A-Za-z0-9.]+", ends="._", empty="image"):
    """A wrong answer from what is done otherwise."""

    def answer(address):
        path = address.rpartition("/")[2] if first else re.split(cut, address)[0]
        path = re.split(cut, path)[0] if first else path
        return re.sub(pattern, "_", path.rpartition("/")[2]).strip(ends) or empty

    return answer


def _walk(n, pairs):
    neighbours = {i: {i} for i in range(n)}
    for a, b in pairs:
        neighbours[a].add(b)
        neighbours[b].add(a)
    found = []
    for i in range(n):
        seen, waiting = {i}, [i]
        while waiting:
            new = neighbours[waiting.pop()] - seen
            seen |= new
            waiting += new
        found.append(min(seen))
    return found


def _by_roots(n, pairs):
    parent = list(range(n))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for a, b in pairs:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    return torch.tensor([root(i) for i in range(n)])


def _until_nothing_changes(n, pairs):
    group = np.arange(n)
    while True:
        before = group.copy()
        for a, b in pairs:
            group[a] = group[b] = min(group[a], group[b])
        if (group == before).all():
            return group


def _by_matrix(n, pairs):
    near = torch.eye(n)
    for a, b in pairs:
        near[a, b] = near[b, a] = 1
    for _ in range(n):
        near = (near @ near > 0).float()
    return near.argmax(dim=1).tolist()


def _one_pass(n, pairs):
    group = list(range(n))
    for a, b in pairs:
        group[a] = group[b] = min(group[a], group[b])
    return group


def _direct(n, pairs):
    group = list(range(n))
    for a, b in pairs:
        group[max(a, b)] = min(a, b)
    return group


def _largest(n, pairs):
    found = _walk(n, pairs)
    return [max(i for i in range(n) if found[i] == one) for one in found]


def _numbered(n, pairs):
    found = _walk(n, pairs)
    order = sorted(set(found))
    return [order.index(one) for one in found]


def _quadratic(wrong, n):
    m, k = wrong / n, 1.96**2 / n
    return sorted(np.roots([1 + k, -(2 * m + k), m * m]).real)


def _by_bisection(wrong, n):
    m, ends = wrong / n, []
    for far in (0.0, 1.0):
        inside, outside = m, far
        for _ in range(200):
            p = (inside + outside) / 2
            holds = (m - p) ** 2 <= 1.96**2 * p * (1 - p) / n
            inside, outside = (p, outside) if holds else (inside, p)
        ends.append(outside)
    return tuple(ends)


def _by_tensor(wrong, n):
    m, k = torch.tensor(wrong / n).double(), 1.96**2 / n
    b, c = 2 * m + k, m * m
    root = (b * b - 4 * (1 + k) * c).clamp(min=0).sqrt()
    return torch.stack([b - root, b + root]) / (2 * (1 + k))


def _of_successes(wrong, n):
    low, high = _by_bisection(n - wrong, n)
    return np.array([1 - high, 1 - low])


def _plain_interval(wrong, n, z=1.96):
    m = wrong / n
    half = z * math.sqrt(m * (1 - m) / n)
    return max(0, m - half), min(1, m + half)


def _wilson(z=1.96, both=True):
    def answer(wrong, n):
        m, k = wrong / n, z * z / n
        root = math.sqrt(max(0, (2 * m + k) ** 2 - 4 * (1 + k) * m * m))
        ends = [(2 * m + k - root) / (2 + 2 * k), (2 * m + k + root) / (2 + 2 * k)]
        return ends if both else ends[::-1]

    return answer


def _by_chunks(confidence, right, bins):
    order = confidence.argsort(descending=True)
    sure, hit = confidence[order].chunk(bins), right[order].float().chunk(bins)
    return sum((a.mean() - b.mean()).abs() for a, b in zip(sure, hit, strict=True)) / bins


def _by_numpy(confidence, right, bins):
    order = np.argsort(confidence.numpy())
    gap = confidence.double().numpy()[order] - right.numpy()[order]
    return np.abs(gap.reshape(bins, -1).sum(1)).sum() / len(gap)


def _by_rank(confidence, right, bins):
    rank = (confidence[:, None] > confidence).sum(dim=1)
    bin_of, gap = rank * bins // len(rank), confidence.double() - right.double()
    return torch.zeros(bins).double().index_add(0, bin_of, gap).abs().sum() / len(rank)


def _by_python(confidence, right, bins):
    pairs = sorted(zip(confidence.tolist(), right.tolist(), strict=True))
    size = len(pairs) // bins
    parts = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    return sum(abs(sum(c - r for c, r in part)) for part in parts) / len(pairs)


def _equal_width(confidence, right, bins):
    k = (confidence * bins).long().clamp(max=bins - 1)
    gap = confidence.double() - right.double()
    return torch.zeros(bins).double().index_add(0, k, gap).abs().sum() / len(gap)


def _unsorted(confidence, right, bins):
    return (confidence - right.float()).reshape(bins, -1).mean(dim=1).abs().mean()


def _half_sorted(confidence, right, bins):
    return (confidence.sort().values - right.float()).reshape(bins, -1).mean(dim=1).abs().mean()


def _signed(confidence, right, bins):
    return (confidence - right.float()).mean()


def _each_answer(confidence, right, bins):
    return (confidence - right.float()).abs().mean()


def _largest_gap(confidence, right, bins):
    order = confidence.argsort()
    return (confidence - right.float())[order].reshape(bins, -1).mean(dim=1).abs().max()


def _columns(confidence, right, bins):
    order = confidence.argsort()
    return (confidence - right.float())[order].reshape(-1, bins).mean(dim=0).abs().mean()


def _by_two_limits(p, miss, waste, look):
    answers = []
    for one in p.double().tolist():
        costs = [one * miss, (1 - one) * waste, look]
        answers.append(costs.index(min(costs)))
    return answers


def _by_where(p, miss, waste, look):
    both = torch.where((1 - p) * waste < p * miss, 1, 0)
    return torch.where(torch.minimum(p * miss, (1 - p) * waste) > look, 2, both)


def _costs_by_numpy(p, miss, waste, look):
    p = p.double().numpy()
    return np.argmin([p * miss, (1 - p) * waste, np.full(len(p), look)], axis=0)


def _by_min(p, miss, waste, look):
    return torch.stack([p * miss, waste - p * waste, p * 0 + look], dim=1).min(dim=1).indices


def _costs(change):
    """A wrong answer from the three costs."""

    def answer(p, miss, waste, look):
        return torch.stack(change(p, miss, waste, look)).argmin(dim=0)

    return answer


def _last_of_equal(p, miss, waste, look):
    return 2 - torch.stack([p * 0 + look, (1 - p) * waste, p * miss]).argmin(dim=0)


ROW = torch.tensor([0.0, 1.0, 2.0])

ANSWERS = {
    "24.safe_name": (
        [_by_split, _letter_by_letter, _by_partition, _by_words],
        [
            _name(cut=r"\?"),
            _name(cut="#"),
            _name(first=True),
            _name(pattern="[^A-Za-z0-9.]"),
            _name(pattern=r"[^\w.]+"),
            _name(pattern="[^a-z0-9.]+"),
            _name(pattern="[^A-Za-z0-9]+"),
            _name(ends="_"),
            _name(ends="."),
            _name(empty=""),
            lambda address: address.rpartition("/")[2],
            lambda address: _by_split(address).lower(),
        ],
    ),
    "24.groups_of": (
        [_walk, _by_roots, _until_nothing_changes, _by_matrix],
        [_one_pass, _direct, _largest, _numbered, lambda n, pairs: list(range(n)), lambda n, pairs: [0] * n],
    ),
    "24.break_hash": (
        [
            (torch.stack([ROW, ROW]), torch.stack([ROW, 2 * ROW])),
            (torch.stack([ROW, ROW]), torch.stack([ROW, ROW + 5])),
            (torch.stack([ROW, ROW]), torch.stack([ROW, ROW**2])),
            (torch.zeros(2, 3), torch.stack([-ROW, -ROW])),
            (torch.stack([-ROW, ROW]), torch.stack([0 * ROW, ROW])),
        ],
        [
            (torch.stack([ROW, ROW]), torch.stack([2 * ROW + 1, 2 * ROW + 1])),
            (torch.stack([ROW, ROW]), torch.stack([-ROW, -ROW])),
            (torch.zeros(2, 3), torch.ones(2, 3)),
            (torch.zeros(3, 2), torch.ones(3, 2)),
            torch.zeros(2, 3),
        ],
    ),
    "24.interval": (
        [_quadratic, _by_bisection, _by_tensor, _of_successes],
        [
            _plain_interval,
            _wilson(z=2.0),
            _wilson(z=1.645),
            _wilson(both=False),
            lambda wrong, n: _plain_interval(wrong + 2, n + 4),
            lambda wrong, n: _by_bisection(wrong, n)[1],
            lambda wrong, n: (0, 3 / n),
        ],
    ),
    "24.equal_count_error": (
        [_by_chunks, _by_numpy, _by_rank, _by_python],
        [_equal_width, _unsorted, _half_sorted, _signed, _each_answer, _largest_gap, _columns],
    ),
    "24.accuracy_of": (
        [
            lambda counts, confidence, gap: torch.dot(counts.double() / counts.sum(), (confidence - gap).double()),
            lambda counts, confidence, gap: np.average((confidence - gap).numpy(), weights=counts.numpy()),
            lambda counts, confidence, gap: (
                (counts * confidence).sum() / counts.sum() - (counts * gap).sum() / counts.sum()
            ),
            lambda counts, confidence, gap: (
                sum(n * (c - g) for n, c, g in zip(counts.tolist(), confidence.tolist(), gap.tolist(), strict=True))
                / int(counts.sum())
            ),
        ],
        [
            lambda counts, confidence, gap: (confidence - gap).mean(),
            lambda counts, confidence, gap: (counts * (confidence + gap)).sum() / counts.sum(),
            lambda counts, confidence, gap: (counts * (confidence - gap.abs())).sum() / counts.sum(),
            lambda counts, confidence, gap: (counts * confidence).sum() / counts.sum(),
            lambda counts, confidence, gap: (counts * (confidence - gap)).sum(),
            lambda counts, confidence, gap: (counts * (confidence - gap)).mean(),
        ],
    ),
    "24.cheapest": (
        [_by_two_limits, _by_where, _costs_by_numpy, _by_min],
        [
            _costs(lambda p, miss, waste, look: [p * miss, p * waste, p * 0 + look]),
            _costs(lambda p, miss, waste, look: [(1 - p) * miss, p * waste, p * 0 + look]),
            _costs(lambda p, miss, waste, look: [p * waste, (1 - p) * miss, p * 0 + look]),
            _costs(lambda p, miss, waste, look: [p * miss, (1 - p) * waste, p * look]),
            _costs(lambda p, miss, waste, look: [p * miss, (1 - p) * waste, p * 0 + look + p * miss]),
            _last_of_equal,
            lambda p, miss, waste, look: (p > 0.5).long(),
            lambda p, miss, waste, look: torch.where(p < look / miss, 0, 2),
        ],
    ),
}

EQUIVALENT = {}
