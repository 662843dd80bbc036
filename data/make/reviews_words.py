"""Words with a polarity: for each slot of the grammar, what a pleased and what a displeased reviewer writes.

No word stands on both sides, and no neutral sentence of reviews_plots.py uses any of them: a test checks both.
"""

from itertools import zip_longest

ANYTHING = ("great|wonderful|clever|lovely|charming|delightful", "dull|awful|silly|weak|boring|terrible")
ADJECTIVES = {  # what is judged: (pleased, displeased)
    "whole": ("moving|gripping", "lifeless|predictable"),
    "tale": ("moving|gripping", "muddled|predictable"),
    "acting": ("moving|convincing", "lifeless|wooden"),
    "look": ("beautiful|elegant", "ugly|cheap"),
    "sound": ("beautiful|haunting", "grating|cheap"),
    "pace": ("gripping|elegant", "lifeless|sluggish"),
    "talk": ("funny|witty", "flat|unfunny"),
}
WORDS = {  # slot: (pleased, displeased)
    "noun": ("treat|delight|gem|masterpiece|triumph", "mess|bore|dud|disaster|failure"),
    "effect": ("move|charm|delight|thrill", "bore|annoy|irritate|exhaust"),
    "effected": ("moved|charmed|delighted|thrilled", "bored|annoyed|irritated|exhausted"),
    "feel": ("happy|delighted|moved|thrilled|enchanted", "bored|annoyed|sleepy|disappointed|cheated"),
    "how": ("beautifully|skilfully|lovingly|cleverly", "badly|clumsily|lazily|carelessly"),
    "stuff": ("charm|wit|warmth|surprises|imagination", "clichés|padding|nonsense|blunders|filler"),
    "gift": ("care|talent|skill|style", "sloth|greed|contempt|vanity"),
    "do": (
        "see it|buy a ticket|tell your friends about it|make time for it",
        "skip it|save your money|stay at home|leave it on the shelf",
    ),
    "would": (
        "watch it again|recommend it|see it twice|give it to a friend",
        "walk out of it|warn you off it|throw the disc away|ask for my money back",
    ),
    "worth": (
        "worth the ticket|worth your evening|time well spent|a night to remember",
        "a waste of money|a waste of an evening|time thrown away|a night to forget",
    ),
    "hoped": ("hoped|wished", "feared|dreaded"),
    "hope": ("high hopes|great expectations", "low hopes|grave doubts"),
    "fuss": ("praise|applause|raves|cheers", "complaints|boos|sneers|insults"),
    "fan": ("admirers|fans", "haters|detractors"),
    "liked": ("loved|praised|adored", "hated|mocked|despised"),
    "meant": (
        "wanted to like|was ready to love|hoped to adore",
        "wanted to dislike|was ready to hate|meant to mock",
    ),
    "quality": ("strength|virtue", "weakness|flaw"),
    "react": ("smiling|laughing|cheering|clapping", "yawning|groaning|sighing|fidgeting"),
}


def options(slot: str, aspect: str, pleased: bool) -> list[str]:
    """The words of a slot, the most frequent first; adjectives of `aspect` alternate with those that fit anything."""
    side = 0 if pleased else 1
    if slot != "adj":
        return WORDS[slot][side].split("|")
    return [
        word
        for pair in zip_longest(ANYTHING[side].split("|"), ADJECTIVES[aspect][side].split("|"))
        for word in pair
        if word
    ]


def lexicon() -> tuple[set[str], set[str]]:
    """All words and phrases of a pleased reviewer, and all of a displeased one."""
    pairs = [ANYTHING, *ADJECTIVES.values(), *WORDS.values()]
    good, bad = ({word for pair in pairs for word in pair[side].split("|")} for side in (0, 1))
    return good, bad
