"""Solutions to lesson 06, with the cases that an answer is tried on."""

import torch

from coursekit.classroom.exercises import Exercise, draw


def project(points, camera):
    if points.dim() != 2 or points.shape[1] != 3 or camera.shape != (3, 3):
        raise ValueError("points (n, 3) and a matrix (3, 3)")
    seen = points @ camera.T
    return seen[:, :2] / seen[:, 2:]


def scaled_in_crop(keypoints, left, top, width, height):
    if keypoints.dim() != 2 or keypoints.shape[1] != 2:
        raise ValueError("keypoints (n, 2)")
    corner = torch.tensor([left, top])
    return 2 * (keypoints - corner) / torch.tensor([width, height]) - 1


def mirrored_points(keypoints, swap):
    if keypoints.dim() != 2 or keypoints.shape[1] % 2:
        raise ValueError("keypoints (n, 2 k)")
    order = list(range(keypoints.shape[1] // 2))
    for a, b in swap:
        order[a], order[b] = b, a
    points = keypoints.reshape(len(keypoints), -1, 2) * torch.tensor([-1.0, 1])
    return points[:, order].flatten(1)


def pixels_off(answers, targets, width, height):
    if answers.shape != targets.shape or answers.shape[1] != 2:
        raise ValueError("answers (n, 2) and targets (n, 2)")
    apart = (answers - targets) * torch.tensor([width, height]) / 2
    return apart.norm(dim=1).mean()


def where_bright(map_):
    if map_.dim() != 2:
        raise ValueError("a map (H, W)")
    height, width = map_.shape
    weights = map_.flatten().softmax(dim=0).reshape(height, width)
    x = (2 * torch.arange(width) + 1) / width - 1
    y = (2 * torch.arange(height) + 1) / height - 1
    return torch.stack([(weights.sum(0) * x).sum(), (weights.sum(1) * y).sum()])


def _camera(f, column, row):
    return torch.tensor([[f, 0.0, column], [0.0, f, row], [0.0, 0.0, 1.0]])


EXERCISES = {
    "project": Exercise(
        project,
        "multiply by the matrix, then divide the first two numbers by the third",
        lambda: [
            (torch.tensor([[0.0, 0.0, 1.0]]), _camera(100.0, 80.0, 60.0)),
            (torch.tensor([[1.0, 0.0, 2.0]]), _camera(100.0, 80.0, 60.0)),
            (
                torch.tensor([[1.0, 2.0, 4.0], [-3.0, 1.0, 2.0]]),
                _camera(100.0, 80.0, 60.0),
            ),
            (
                torch.tensor([[1.0, 2.0, 4.0]]),
                torch.tensor([[100.0, 0, 80], [0, 200, 60], [0, 0, 1]]),
            ),
        ],
    ),
    "scaled_in_crop": Exercise(
        scaled_in_crop,
        "subtract the corner first; then the crop is an image of its own",
        lambda: [
            (torch.tensor([[0.0, 0.0]]), 0, 0, 4, 2),
            (torch.tensor([[3.0, 1.0]]), 0, 0, 4, 2),
            (torch.tensor([[3.0, 1.0]]), 2, 0, 4, 2),
            (torch.tensor([[3.0, 6.0], [50.0, 5.0]]), 10, 5, 40, 30),
        ],
    ),
    "mirrored_points": Exercise(
        mirrored_points,
        "change the sign of every x, then let the two keypoints of each pair swap",
        lambda: [
            (torch.tensor([[0.5, 0.1]]), []),
            (torch.tensor([[-0.5, 0.1, 0.25, 0.2]]), [(0, 1)]),
            (torch.tensor([[-0.5, 0.1, 0.0, 0.3, 0.25, 0.2]]), [(0, 2)]),
            (draw(3, 10), [(0, 3), (4, 1)]),
        ],
    ),
    "pixels_off": Exercise(
        pixels_off,
        "bring both differences to pixels, then Pythagoras for each row, then the mean",
        lambda: [
            (torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0]]), 8, 4),
            (torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 0.0]]), 8, 4),
            (torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 0.0]]), 6, 8),
            (draw(5, 2), draw(2, 5).T, 160, 120),
        ],
    ),
    "where_bright": Exercise(
        where_bright,
        "each column's weight times its middle, added up; likewise for the rows",
        lambda: [
            (torch.zeros(1, 1),),
            (torch.tensor([[0.0, 9.0]]),),
            (torch.tensor([[0.0], [9.0], [0.0], [0.0]]),),
            (torch.tensor([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0]]),),
            (draw(3, 5),),
        ],
    ),
}
