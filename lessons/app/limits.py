"""How much the app allows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one request may cost, and how many there may be at once."""

    megabytes: int = 10  # of a request's body
    megapixels: int = 25  # of a picture; decoded, each pixel takes three bytes, several times over
    characters: int = 20_000  # of a text
    seconds: float = 30  # to send the body
    at_once: int = 128  # requests under way; one more is told to come again
    readers: int = 2  # pictures decoded at the same time
    batch: int = 32  # pictures in one forward pass
    moment: float = 0.005  # seconds to wait for others to share it
    side: int = 1024  # pixels, of a picture that is kept
    corrections: int = 10_000  # pictures that are kept
