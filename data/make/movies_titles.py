"""Titles of films that nobody made: a small grammar, with words that suit the genre."""

import numpy as np

Rng = np.random.Generator
NAMES = "Adelina Alvar Anselm Berit Bertil Cosima Dagny Delphine Edda Emeric Fenna Florian Greta Hedvika Ilse Ivo"
NAMES += " Jarmila Joren Kasimir Lennart Leopoldine Ludmila Magnus Marisol Nadja Octavio Odile Petra Quirin Rosalba"
NAMES += " Ruben Sigrid Tamsin Tilda Ulrika Vesna Wanda Wilhelm Xaver Yolanda Zdenka"
SURNAMES = "Abelard Brannock Castelow Drummel Eversley Falkner Grimsdal Harrowgate Isbister Jessamy Kettleby Lindqvist"
SURNAMES += " Marchbank Norwell Ottery Pellworth Quillan Rosewarne Sandoval Tremayne Underhay Varley Wexcombe Yarrow"
PLACES = "Ambleford|Barrowmere|Cinderby|Dunmarrow|Ellersund|Fossvik|Gallowdene|Hollin Bay|Inverloch|Jasper Falls"
PLACES += "|Kestrel Point|Lowmoor|Mirabel|Nettlecombe|Orsova Street|Pellham|Quarry Lane|Ravnholm|Saltmarsh|Tollgate"
PLACES += "|Umberto Square|Vellacott|Westerhavn|Yewdale"
WORDS = {  # genre: (what it is like, what it is about, more than one of them)
    "Action": (
        "Burning Crooked Final Iron Ruthless Scarlet",
        "Ambush Convoy Detonator Gauntlet Throttle Vendetta",
        "Bullets Helicopters Mercenaries Sirens",
    ),
    "Adventure": (
        "Forgotten Golden Perilous Uncharted",
        "Caravan Compass Expedition Lagoon Lighthouse Map",
        "Islands Mapmakers Monsoons Pirates",
    ),
    "Animation": ("Bouncing Paper Sleepy Striped", "Acorn Badger Kite Snail Teapot Turnip", "Hedgehogs Marbles Socks"),
    "Children": (
        "Curious Tiny Upside-Down Woolly",
        "Attic Bicycle Goose Treehouse Umbrella",
        "Cousins Ducklings Pancakes",
    ),
    "Comedy": (
        "Awkward Borrowed Hopeless Unlikely",
        "Accordion Dentist Honeymoon Landlord Moustache Wedding",
        "Bridesmaids Lodgers Uncles Waiters",
    ),
    "Crime": ("Crooked Hollow Second Stolen", "Alibi Informer Ledger Racket Safe Witness", "Forgers Liars Pickpockets"),
    "Documentary": (
        "Disappearing Ordinary Unseen",
        "Archive Bakery Estuary Glacier Harvest Railway",
        "Beekeepers Lorries Tides Weavers",
    ),
    "Drama": (
        "Borrowed Distant Unfinished Winter",
        "Daughter Farewell Inheritance Orchard Silence Staircase",
        "Letters Neighbours Promises Sundays",
    ),
    "Fantasy": (
        "Enchanted Moonlit Nameless Silver",
        "Cauldron Changeling Crown Oracle Thornwood",
        "Dragons Giants Runes",
    ),
    "Film-Noir": ("Dark Guilty Midnight", "Cigarette Corner Stranger Streetcar Widow", "Shadows Strangers"),
    "Horror": ("Buried Dreadful Hungry Pale", "Cellar Crypt Scarecrow Seance Whisper", "Bones Moths Teeth"),
    "Musical": ("Dancing Glittering Swinging", "Ballroom Chorus Serenade Tambourine", "Fiddlers Trombones"),
    "Mystery": (
        "Hidden Locked Seventh Unsigned",
        "Clockmaker Corridor Envelope Photograph Portrait",
        "Clues Keys Mirrors",
    ),
    "Romance": ("Gentle Late Secret Tender", "Balcony Dance Ferry Kiss Postcard Summer", "Blossoms Hearts Valentines"),
    "Sci-Fi": (
        "Electric Frozen Orbital Synthetic",
        "Android Colony Nebula Protocol Satellite Signal",
        "Clones Machines Meteors",
    ),
    "Thriller": ("Cold Double Fatal Silent", "Deadline Hostage Passenger Pursuit Stairwell", "Lies Suspects Traps"),
    "War": ("Broken Last Muddy", "Bridge Bugle Garrison Regiment Trench", "Deserters Medics Soldiers"),
    "Western": ("Dusty Lonesome Wild", "Canyon Gallows Homesteader Saddle Stagecoach", "Drifters Mustangs Outlaws"),
}
PATTERNS = (
    "The {like} {thing}", "The {like} {thing}", "{like} {many}", "The {thing} of {place}", "The {thing} of {place}",
    "{name} and the {thing}", "{name} and the {like} {thing}", "{many} in {place}", "The {many} of {place}",
    "A {thing} for {name}", "{name} {surname}'s {thing}", "The {surname} {thing}", "Waiting for {name} {surname}",
    "{number} {like} {many}", "{number} Days in {place}", "{place}", "{name}, My {thing}", "Goodbye, {name} {surname}",
    "No {many} in {place}", "Return to {place}", "{thing} at {place}", "The {thing} and the {like} {thing2}",
)  # fmt: skip
NUMBERS = ["Three", "Five", "Seven", "Nine", "Eleven", "Thirteen", "Forty"]
ARTICLES = ("The", "A", "An")


def invent(rng: Rng, genre: str) -> str:
    """One title, without its year."""
    like, thing, many = (words.split() for words in WORDS[genre])
    words = {"like": like, "thing": thing, "thing2": thing, "many": many, "number": NUMBERS, "place": PLACES.split("|")}
    words |= {"name": NAMES.split(), "surname": SURNAMES.split()}
    chosen = {kind: str(rng.choice(options)) for kind, options in words.items()}
    title = str(rng.choice(PATTERNS)).format(**chosen)
    return "An" + title[1:] if title.startswith("A ") and title[2] in "AEIO" else title


def listed(title: str) -> str:
    """As the list writes it: the article behind, `Lantern, The`."""
    article, _, rest = title.partition(" ")
    return f"{rest}, {article}" if article in ARTICLES and rest else title


def titles(rng: Rng, genres: list[str]) -> list[str]:
    """A title for each main genre, none twice, none that repeats a word."""
    found: dict[str, None] = {}
    for genre in genres:
        title = ""
        while not title or listed(title) in found or _repeats(title):
            title = invent(rng, genre)
        found[listed(title)] = None
    return list(found)


def _repeats(title: str) -> bool:
    words = [word.strip(",").lower() for word in title.split() if word.strip(",").lower() != "the"]
    return len(set(words)) < len(words)
