"""Stand-ins for the public data sets: a few hundred files each, made in seconds.

They have the public sets' layout, file formats, picture sizes, names, counts of classes and
quirks, and the samples' content, enlarged and repeated: labels are valid, and teach little.
`python lessons/make/stand_ins.py FOLDER` makes a data home there. It serves with
COURSEKIT_VERIFY=0, since the archives' sums are not those of the public ones.
"""

import gzip
import itertools
import shutil
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
from PIL import Image

from coursekit.datasets import FULL, SAMPLES, Download
from coursekit.vision.images import read_idx

SEED = 14
words = str.split
CATS = words("""
    Abyssinian Bengal Birman Bombay British_Shorthair Egyptian_Mau Maine_Coon Persian
    Ragdoll Russian_Blue Siamese Sphynx
""")
DOGS = words("""
    american_bulldog american_pit_bull_terrier basset_hound beagle boxer chihuahua
    english_cocker_spaniel english_setter german_shorthaired great_pyrenees havanese
    japanese_chin keeshond leonberger miniature_pinscher newfoundland pomeranian pug
    saint_bernard samoyed scottish_terrier shiba_inu staffordshire_bull_terrier
    wheaten_terrier yorkshire_terrier
""")
CODES = words("""
    Animal Archway Bicyclist Bridge Building Car CartLuggagePram Child Column_Pole
    Fence LaneMkgsDriv LaneMkgsNonDriv Misc_Text MotorcycleScooter OtherMoving
    ParkingBlock Pedestrian Road RoadShoulder Sidewalk SignSymbol Sky SUVPickupTruck
    TrafficCone TrafficLight Train Tree Truck_Bus Tunnel VegetationMisc Void Wall
""")
RENAMED = {"Pole": "Column_Pole", "Pavement": "Sidewalk"}  # the sample's to CamVid's names
WEATHER = words("""
    file Date Max_TemperatureC Mean_TemperatureC Min_TemperatureC Dew_PointC
    MeanDew_PointC Min_DewpointC Max_Humidity Mean_Humidity Min_Humidity
    Max_Sea_Level_PressurehPa Mean_Sea_Level_PressurehPa Min_Sea_Level_PressurehPa
    Max_VisibilityKm Mean_VisibilityKm Min_VisibilitykM Max_Wind_SpeedKm_h
    Mean_Wind_SpeedKm_h Max_Gust_SpeedKm_h Precipitationmm CloudCover Events
    WindDirDegrees
""")


def digits(folder: Path, chance: Random) -> None:
    """MNIST: digits of 20 x 20 pixels somewhere near the middle of 28 x 28, packed."""
    for part, times in (("train", 3), ("t10k", 1)):
        small = read_idx(SAMPLES / "digits" / f"{part}-images-idx3-ubyte").numpy()
        labels = read_idx(SAMPLES / "digits" / f"{part}-labels-idx1-ubyte").numpy()
        pictures = np.zeros((times * len(small), 28, 28), np.uint8)
        for place, picture in zip(pictures, itertools.cycle(small)):
            enlarged = Image.fromarray((picture * 15.9).astype(np.uint8)).resize((20, 20))
            top, left = chance.randint(3, 5), chance.randint(3, 5)
            place[top : top + 20, left : left + 20] = np.asarray(enlarged)
        _idx(folder / f"{part}-images-idx3-ubyte.gz", pictures)
        _idx(folder / f"{part}-labels-idx1-ubyte.gz", np.tile(labels, times))


def _idx(file: Path, array: np.ndarray) -> None:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    file.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes(), 1, mtime=0))


def pets(folder: Path, chance: Random, each: int = 4) -> None:
    """Oxford-IIIT Pet: 37 breeds, about 500 x 375; some pictures are no RGB, or no JPEG."""
    images, notes = folder / "images", folder / "annotations"
    for new in (images, notes / "trimaps", notes / "xmls"):
        new.mkdir(parents=True)
    rows = []
    breeds = sorted([*CATS, *DOGS], key=str.lower)
    for number, breed in enumerate(breeds, 1):
        cat = breed in CATS
        drawn = [f for f in _drawn("pets/images") if f.name[0].isupper() == cat]
        for one in sorted(chance.sample(range(1, 201), each)):
            picture = Image.open(chance.choice(drawn)).convert("RGB")
            size = (
                (500, chance.randint(333, 500))
                if one % 3
                else (chance.randint(300, 400), 500)
            )
            picture = picture.resize(size)
            _as_found(picture, images / f"{breed}_{one}.jpg", len(rows))
            trimap = np.full(size[::-1], 2, np.uint8)
            trimap[20:-20, 20:-20] = 3
            trimap[40:-40, 40:-40] = 1
            Image.fromarray(trimap).save(notes / "trimaps" / f"{breed}_{one}.png")
            species = (1, CATS.index(breed) + 1) if cat else (2, DOGS.index(breed) + 1)
            rows.append(f"{breed}_{one} {number} {species[0]} {species[1]}")
    (images / "Abyssinian_100.mat").write_bytes(b"MATLAB 5.0 MAT-file")  # three are there
    (notes / "trimaps" / f"._{breeds[0]}_1.png").write_bytes(b"\0\5\26\7")  # so are these
    head = "#Image CLASS-ID SPECIES BREED ID\n#ID: 1:37 Class ids\n#SPECIES: 1:Cat 2:Dog\n"
    head += "#BREED ID: 1-25:Cat 1:12:Dog\n#All images with 1st letter as captial are cat "
    head += "images\n#images with small first letter are dog images\n"
    half = {"list": rows[1:], "trainval": rows[1::2], "test": rows[2::2]}  # one is in none
    for name, some in half.items():
        text = (head if name == "list" else "") + "\n".join(some) + "\n"
        (notes / f"{name}.txt").write_text(text, encoding="utf-8")
    (notes / "README").write_text("Stand-in\n", encoding="utf-8")


def _as_found(picture: Image.Image, file: Path, number: int) -> None:
    """Save it, as a few of the real ones are: grey, CMYK, or another format called .jpg."""
    if number % 20 == 3:
        picture.convert("L").save(file)
    elif number % 20 == 7:
        picture.convert("CMYK").save(file)
    elif number % 20 == 11:
        picture.convert("RGBA").save(file, "PNG")
    elif number % 20 == 15:
        picture.convert("P").save(file, "GIF")
    else:
        picture.save(file)


def satellite(folder: Path, chance: Random, train: int = 260, test: int = 24) -> None:
    """Planet: tiles of 256 x 256 pixels, 17 labels, and the example of what to hand in."""
    table = pd.read_csv(SAMPLES / "satellite" / "train_v2.csv")
    few = [
        i
        for i, tags in enumerate(table.tags)
        if {"haze", "water", "road"} <= {*tags.split()}
    ]
    rows = sorted({*few[:2], *chance.sample(range(len(table)), train)})[:train]
    table = table.iloc[rows].reset_index(drop=True)
    for part, names in (
        ("train", table.image_name),
        ("test", [f"test_{i}" for i in chance.sample(range(150), test)]),
    ):
        (folder / f"{part}-jpg").mkdir()
        for i, name in enumerate(names):
            tile = Image.open(SAMPLES / "satellite" / f"{part}-jpg" / f"{name}.jpg")
            tile.resize((256, 256)).save(folder / f"{part}-jpg" / f"{part}_{i}.jpg")
    table["image_name"] = [f"train_{i}" for i in range(len(table))]
    table.to_csv(folder / "train_v2.csv", index=False)
    example = {"image_name": [f"test_{i}" for i in range(test)], "tags": "primary clear"}
    pd.DataFrame(example).to_csv(folder / "sample_submission_v2.csv", index=False)


def streets(folder: Path, chance: Random) -> None:
    """CamVid: PNG of 960 x 720 pixels from four drives, masks of 32 classes."""
    names = (SAMPLES / "streets" / "codes.txt").read_text(encoding="utf-8").split()
    code = np.array([CODES.index(RENAMED.get(name, name)) for name in names], np.uint8)
    (folder / "images").mkdir()
    (folder / "labels").mkdir()
    held_out, drives = [], ("0001TP", "0006R0", "0016E5", "Seq05VD")
    for i, file in enumerate(_drawn("streets/images")[::4]):
        drive = drives[4 * i // 48]
        stem = f"{drive}_f{30 * i:05}" if drive in drives[1::2] else f"{drive}_{30 * i:06}"
        mask = np.asarray(Image.open(SAMPLES / "streets/labels" / f"{file.stem}_P.png"))
        picture = Image.open(file).resize((960, 720))
        picture.save(folder / "images" / f"{stem}.png", compress_level=1)
        large = Image.fromarray(code[mask]).resize((960, 720), Image.Resampling.NEAREST)
        large.save(folder / "labels" / f"{stem}_P.png")
        held_out += [f"{stem}.png"] if drive == "0016E5" else []
    chance.shuffle(held_out)
    _lines(folder / "codes.txt", CODES)
    _lines(folder / "valid.txt", held_out)


def faces(folder: Path, chance: Random, each: int = 10) -> None:
    """Biwi: 24 takes, frames of 640 x 480, two cameras that are not at the same place."""
    for take in range(1, 25):
        person = folder / f"{take:02}"
        person.mkdir()
        source = SAMPLES / "faces" / f"{(take - 1) % 12 + 1:02}"
        frames = sorted(source.glob("*_rgb.jpg"))
        for frame in sorted(chance.sample(frames, each)):
            Image.open(frame).resize((640, 480)).save(person / frame.name)
            pose = frame.name.replace("rgb.jpg", "pose.txt")
            shutil.copy(source / pose, person / pose)
        colour = "517.68 0 320 \n0 517.68 240.5 \n0 0 1 \n"
        turned = "0.999947 0.00432361 0.00929419 \n-0.00446314 0.999877 0.0150443 \n"
        turned += "-0.009228 -0.015085 0.999844 \n\n-24.0198 5.8896 -13.2308 \n"
        straight = "1 0 0 \n0 1 0 \n0 0 1 \n\n0 0 0 \n"
        depth = "575.816 0 320 \n0 575.816 240 \n0 0 1 \n"
        for name, camera, moved in (("rgb", colour, turned), ("depth", depth, straight)):
            text = f"{camera}\n0 0 0 0 \n\n{moved}\n640 480 \n"
            (person / f"{name}.cal").write_text(text, encoding="utf-8")
        _lines(folder / f"{take:02}.obj", ["v 0 0 0", "v 1 0 0", "v 0 1 0", "f 1 2 3"])
    _lines(folder / "readme.txt", ["Stand-in"])


def stores(folder: Path, chance: Random) -> None:
    """Rossmann: 1,115 stores and 24 columns of weather; most stores have few days."""
    source = SAMPLES / "stores"
    read = {"dtype": {"StateHoliday": str}, "keep_default_na": False}
    whole = set(range(1, 61, 3))  # stores of the sample with all their days
    for name in ("train", "test"):
        table = pd.read_csv(source / f"{name}.csv", **read)
        days = table.Date.between("2015-06-15", "2015-06-18") | (table.Date >= "2015-07-30")
        few = table[days]
        copies = [table[table.Store.isin(whole)], few[~few.Store.isin(whole)]]
        for first in range(60, 1115, 60):
            copies.append(
                few.assign(Store=few.Store + first) if name == "train" else few[:0]
            )
        table = pd.concat(copies)
        table = table[table.Store <= 1115].sort_values(
            ["Date", "Store"], ascending=[False, True]
        )
        _quoted(table, folder / f"{name}.csv", ["StateHoliday", "SchoolHoliday"])
    for name in ("store", "store_states"):
        table = pd.read_csv(source / f"{name}.csv", keep_default_na=False, dtype=str)
        table = pd.concat([table] * 19, ignore_index=True)[:1115]
        table["Store"] = range(1, 1116)
        texts = ["StoreType", "Assortment", "PromoInterval"] if name == "store" else []
        _quoted(table, folder / f"{name}.csv", texts)
    weather = pd.read_csv(source / "weather.csv", keep_default_na=False, dtype=str)
    for column in (name for name in WEATHER if name not in weather):
        bounds = (990, 1040) if "Pressure" in column else (-5, 20)
        weather[column] = [chance.randint(*bounds) for _ in range(len(weather))]
    weather[WEATHER].to_csv(folder / "weather.csv", index=False)
    for name in ("state_names", "googletrend"):
        shutil.copy(source / f"{name}.csv", folder)
    example = {"Id": range(1, 41089), "Sales": 0}
    pd.DataFrame(example).to_csv(folder / "sample_submission.csv", index=False)


def _quoted(table: pd.DataFrame, file: Path, texts: list[str]) -> None:
    """A table with quotes around its heads and around what it takes for text."""
    heads = ",".join(f'"{name}"' for name in table.columns)
    columns = [
        [f'"{x}"' if name in texts or "," in str(x) else str(x) for x in table[name]]
        for name in table.columns
    ]
    _lines(file, [heads, *map(",".join, zip(*columns, strict=True))])


def movies(folder: Path, chance: Random) -> None:
    """MovieLens latest-small: 610 users, 9,742 films with numbers up to 193,609."""
    tables = {n: pd.read_csv(SAMPLES / "movies" / f"{n}.csv") for n in ("ratings", "tags")}
    films = pd.read_csv(SAMPLES / "movies" / "movies.csv")
    numbers = [*range(1, 5000), *sorted(chance.sample(range(5000, 193_609), 4742)), 193_609]
    more = pd.DataFrame({"movieId": numbers})
    taken = chance.sample(numbers[:2000], len(films))
    new = dict(zip(films.movieId, taken, strict=True))
    known = films.assign(movieId=films.movieId.map(new)).set_index("movieId")
    more["title"] = [known.title.get(n, f"Nobody Saw It {n} (1999)") for n in more.movieId]
    more["genres"] = [known.genres.get(n, "(no genres listed)") for n in more.movieId]
    more.to_csv(folder / "movies.csv", index=False)
    for name, table in tables.items():
        table = table.assign(movieId=table.movieId.map(new))
        users = [table, table.assign(userId=table.userId + 300), table[table.userId <= 10]]
        users[2] = users[2].assign(userId=users[2].userId + 600)
        pd.concat(users).sort_values(["userId", "movieId"]).to_csv(
            folder / f"{name}.csv", index=False
        )
    links = [f"{n},{n:07},{n}" for n in more.movieId]
    _lines(folder / "links.csv", ["movieId,imdbId,tmdbId", *links])
    _lines(folder / "README.txt", ["Stand-in"])


def reviews(folder: Path, chance: Random, most: int = 400) -> None:
    """IMDB: folders of texts called NUMBER_STARS.txt, with word lists and URLs beside."""
    counts, words = {}, set()
    for part in ("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg"):
        (folder / part).mkdir(parents=True)
        files = sorted((SAMPLES / "reviews" / part).glob("*.txt"))
        for i, file in enumerate(chance.sample(files, min(most, len(files)))):
            stars = file.stem.split("_")[1]
            text = file.read_text(encoding="utf-8")
            (folder / part / f"{i}_{stars}.txt").write_text(text, encoding="utf-8")
            words |= {*text.lower().split()}
        counts[part] = i + 1
    for part, number in counts.items():
        side, label = part.split("/")
        _lines(
            folder / side / f"urls_{label}.txt", ["http://localhost/usercomments"] * number
        )
    for name in ("train/labeledBow", "train/unsupBow", "test/labeledBow"):
        _lines(folder / f"{name}.feat", ["9 0:9 1:1 2:4"])
    _lines(folder / "imdb.vocab", sorted(words))
    _lines(folder / "imdbEr.txt", ["0.0"] * len(words))
    _lines(folder / "README", ["Stand-in"])


def _drawn(folder: str) -> list[Path]:
    return sorted((SAMPLES / folder).glob("*.jpg"))


def _lines(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def own(folder: Path, chance: Random) -> None:
    """Somebody's own images: three classes, four files that are no images, no truth."""
    for file in sorted(path for path in (SAMPLES / "own/images").rglob("*.*")):
        copy = folder / file.relative_to(SAMPLES / "own")
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            with Image.open(file) as picture:
                picture.resize((3 * picture.width, 3 * picture.height)).save(copy)
        except OSError:
            shutil.copy(file, copy)


MAKERS: dict[str, Callable[[Path, Random], None]] = {
    maker.__name__: maker
    for maker in (digits, pets, satellite, streets, faces, stores, movies, reviews, own)
}


def make(home: Path, names: list[str] | None = None) -> None:
    """Make a data home with the stand-ins of these sets (of all), as if downloaded."""
    for name in names or MAKERS:
        known = FULL[name]
        folder = home / "data" / known["folder"]
        inside = folder / known.get("inside", "")
        inside.mkdir(parents=True)
        MAKERS[name](inside, Random(SEED + zlib.crc32(name.encode())))
        for item in known.get("downloads", []):
            if item.get("unpack"):
                (folder / f".{Download(**item).name}.unpacked").touch()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(
        f"use them with COURSEKIT_SIZE=full COURSEKIT_VERIFY=0 COURSEKIT_HOME={sys.argv[1]}"
    )
