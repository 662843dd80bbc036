"""A model's layers, their output shapes and what they learn, as a table of text."""

import torch
from torch import Tensor, nn


class Summary:
    """One row a layer: its name, kind, output shape (batch axis first) and number of parameters.

    Attributes:
        rows: (name, kind, output shape, parameters, whether they are trained).
        total, trained: numbers of parameters.

    Built in lesson 02.
    """

    def __init__(self, model: nn.Module, inputs: list[Tensor]) -> None:
        self.rows: list[tuple[str, str, tuple[int, ...], int, bool]] = []
        leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
        handles = [module.register_forward_hook(self._noting(name)) for name, module in leaves]
        training = model.training
        model.eval()
        try:
            with torch.inference_mode():
                model(*inputs)
        finally:
            model.train(training)
            for handle in handles:
                handle.remove()
        self.total = sum(p.numel() for p in model.parameters())
        self.trained = sum(p.numel() for p in model.parameters() if p.requires_grad)

    def _noting(self, name: str) -> object:
        def note(module: nn.Module, _: object, output: object) -> None:
            own = list(module.parameters())
            shape = tuple(output.shape) if isinstance(output, Tensor) else ()
            trained = any(p.requires_grad for p in own)
            self.rows.append((name, type(module).__name__, shape, sum(p.numel() for p in own), trained))

        return note

    def __repr__(self) -> str:
        """The table."""
        cells = [("layer", "kind", "output shape", "parameters", "trained")]
        for name, kind, shape, count, trained in self.rows:
            learns = ("yes" if trained else "no") if count else ""
            cells.append((name, kind, " × ".join(map(str, shape)), f"{count:,}", learns))
        widths = [max(len(row[i]) for row in cells) for i in range(5)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}  {e}".rstrip()
            for a, b, c, d, e in cells
        ]
        rule = "-" * max(map(len, lines))
        total = f"{self.total:,} parameters, {self.trained:,} of them trained"
        return "\n".join([lines[0], rule, *lines[1:], rule, total])
