"""How much the app allows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one request may cost, and how many there may be at once."""

    megabytes: int = 20  # of a request's body
    megapixels: int = 25  # of a picture; decoded, each pixel takes four bytes, several times over
    wide: int = 13  # megapixels of a WebP, or of 16 bits, which is decoded in twice the memory
    photograph: int = 52  # megapixels of a JPEG that can be decoded at a half or less of its size: what a phone takes
    scans: int = 500  # megapixels of all scans of a JPEG together: each takes the time of a picture
    characters: int = 20_000  # of a text
    seconds: float = 30  # to send the body; and to take a part of the answer
    header_seconds: float = 10  # to send a request's headers
    at_once: int = 128  # requests under way; one more is told to come again
    per_address: int = 64  # of these, from one address
    connections: int = 128  # open from one address
    readers: int = 2  # pictures decoded at the same time, and one large one besides
    batch: int = 32  # pictures in one forward pass
    moment: float = 0.005  # seconds to wait for others to share it
    side: int = 1024  # pixels, of a picture that is kept
    corrections: int = 10_000  # pictures that are kept
    kept_megabytes: int = 1_000  # of all of them
    corrections_each: int = 500  # from one address, until the app is started again
