"""The course's colours for numbers: orange above zero, blue below, white at zero; safe for colour-blind readers."""

WHITE, BLUE, ORANGE = (255, 255, 255), (33, 102, 172), (224, 130, 20)


def cell_style(value: float, scale: float) -> str:
    """CSS of a cell that holds `value`: strongest where it is as far from 0 as `scale`, with text that can be read."""
    share = min(abs(value) / scale, 1.0) if scale else 0.0
    end = ORANGE if value > 0 else BLUE
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(WHITE, end, strict=True))
    text = "#000" if _luminance(red, green, blue) > 0.18 else "#fff"  # at 0.18 black and white contrast equally (WCAG)
    return f"background:#{red:02x}{green:02x}{blue:02x};color:{text}"


def _luminance(*channels: int) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in channels)]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
