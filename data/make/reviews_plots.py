"""Sentences without an opinion: how somebody came to watch, what happens in the film, asides; and the names.

Square brackets hold a choice, braces a slot: of GRAMMAR, of the review (hero, place, ...), or of the film's genre.
"""

WOMEN = "Adelina Berit Cosima Dagny Delphine Edda Fenna Greta Hedvika Ilse Jarmila Leopoldine Ludmila Marisol Nadja"
WOMEN += " Odile Petra Rosalba Sigrid Tamsin Tilda Ulrika Vesna Wanda Yolanda Zdenka Agathe Bronwen Carlotta Imogen"
MEN = "Alvar Anselm Bertil Emeric Florian Ivo Joren Kasimir Lennart Magnus Octavio Quirin Ruben Wilhelm Xaver Aurel"
MEN += " Benedek Casper Dimitri Elias Fabrizio Gideon Hakon Ignaz Jasper Konrad Leopold Matteo Nils Tobias"
SURNAMES = "Abelard Brannock Castelow Drummel Eversley Falkner Grimsdal Harrowgate Isbister Jessamy Kettleby Lindqvist"
SURNAMES += " Marchbank Norwell Ottery Pellworth Quillan Rosewarne Sandoval Tremayne Underhay Varley Wexcombe Yarrow"
PLACES = "Ambleford|Barrowmere|Cinderby|Dunmarrow|Ellersund|Fossvik|Gallowdene|Hollin Bay|Inverloch|Jasper Falls"
PLACES += "|Kestrel Point|Lowmoor|Nettlecombe|Pellham|Ravnholm|Saltmarsh|Vellacott|Westerhavn|Yewdale"

GENRES = {  # genre as in movies_titles: (in a sentence, people, what they want, what gets in the way, scenes)
    "Comedy": (
        "comedy",
        "a [nervous|retired] dentist|a wedding planner|the [tallest|smallest] waiter in town|a piano tuner|a juggler",
        "to win back a lost accordion|to get through one family dinner|to sell a hotel that leaks|to marry in secret",
        "the wrong suitcase arrives|an aunt moves in|the cake falls into the canal|the landlord counts the guests",
        "the dinner scene|the dance lesson|the mix-up at the station|the wedding speech",
    ),
    "Drama": (
        "drama",
        "a [widowed|young] teacher|a village doctor|the [elder|younger] child of a farmer|a translator|a ferry captain",
        "to keep the family house|to write one last letter|to meet a sister again|to leave the valley",
        "the harvest is lost|an old letter turns up|the bank sends a man|an uncle falls ill",
        "the scene in the orchard|the talk on the staircase|the funeral|the scene with the letters",
    ),
    "Crime": (
        "crime film",
        "a [retired|left-handed] locksmith|a forger|a tired inspector|a pickpocket|a bookkeeper of the harbour gang",
        "to open one last safe|to clear a good name|to buy back a painting|to find out who talked",
        "somebody sells the plan|the witness leaves town|the ledger is burnt|the getaway car is towed",
        "the robbery|the chase across the rooftops|the interrogation|the scene in the pawn shop",
    ),
    "Horror": (
        "horror film",
        "a [lonely|young] nurse|a night watchman|the heir of a hotel|a student of medicine|the caretaker of a school",
        "to spend a year in an empty house|to sell the old mill|to find a lost cousin|to sleep one whole night",
        "the cellar door is open again|the portraits turn to the wall|somebody hums upstairs|the moths come back",
        "the scene in the cellar|the night in the chapel|the walk through the fog|the scene with the mirror",
    ),
    "Romance": (
        "love story",
        "a [shy|busy] baker|a violin teacher|a pilot on leave|a florist|the owner of a small bookshop",
        "to forget a summer by the sea|to answer forty postcards|to dance at a second wedding|to stay until spring",
        "the ferry is late|a former fiancé arrives|the letters are mixed up|a job is offered far away",
        "the first kiss|the dance on the pier|the goodbye at the station|the picnic in the rain",
    ),
    "Sci-Fi": (
        "science fiction film",
        "a [stubborn|lonely] engineer|an android|a pilot of cargo ships|a clone|the last gardener of a space station",
        "to repair a dying reactor|to send one signal home|to prove that robots dream|to reach the outer moons",
        "the computer changes its mind|the air runs low|a second crew wakes up|the signal is answered",
        "the walk in open space|the landing|the trial of the robot|the scene in the greenhouse",
    ),
    "Western": (
        "western",
        "a [silent|one-eyed] drifter|a schoolteacher|a sheriff without a badge|a rancher with a secret|a horse doctor",
        "to bring a herd over the mountains|to bury a brother|to hold the bridge|to buy back the ranch",
        "the river rises|the railway arrives|an old partner rides into town|the well runs dry",
        "the duel|the stagecoach robbery|the card game|the ride through the canyon",
    ),
    "War": (
        "war film",
        "a [young|weary] medic|a deserter|a radio operator|a baker in uniform|the captain of a lost patrol",
        "to carry a message through the lines|to bring nine men home|to find a missing brother|to hold a bridge",
        "the snow closes the road|the radio falls silent|new orders arrive|the village turns out to be empty",
        "the river crossing|the night in the barn|the trial|the scene in the field hospital",
    ),
    "Fantasy": (
        "fantasy",
        "an apprentice [wizard|blacksmith]|a ruler without a kingdom|a talking raven|a mapmaker|the youngest giant",
        "to return a stolen crown|to wake a sleeping dragon|to learn a secret name|to cross the nameless forest",
        "the oracle falls silent|winter refuses to end|the crown picks another head|a changeling takes the throne",
        "the battle at the gate|the flight on the dragon|the riddle contest|the feast of the giants",
    ),
    "Children": (
        "family film",
        "a [curious|small] goose|an orphan with a bicycle|a toymaker|a child with ten snails|a badger in a waistcoat",
        "to build a boat out of teapots|to find the way home|to save the treehouse|to win the big kite race",
        "the map gets wet|a fox offers help|the grown-ups sell the attic|the moon forgets to rise",
        "the kite race|the song in the bathtub|the escape from the zoo|the scene with the ducklings",
    ),
    "Mystery": (
        "mystery",
        "a [retired|blind] clockmaker|a tutor|a crossword writer|a lighthouse keeper|an assistant of the judge",
        "to find out who sent a photo|to open the seventh door|to read a torn will|to prove that the count lives",
        "the key fits another lock|a guest disappears|the clock strikes thirteen|the gardener knows too much",
        "the scene in the library|the reading of the will|the masked ball|the confession",
    ),
    "Thriller": (
        "thriller",
        "a [young|former] diplomat|a night-train conductor|an interpreter|a surgeon|a driver who asks no questions",
        "to deliver a sealed box|to get through one night|to find a hostage before dawn|to stay off every camera",
        "the phone rings in an empty house|the papers are fake|the train stops in a tunnel|an old friend changes sides",
        "the chase in the car park|the scene on the train|the phone call|the hour in the lift",
    ),
}

OPENINGS = (
    "I [watched|saw|caught] {title} [on {day} evening|last {day}|on a rainy {day}|at the weekend] with {company}.",
    "{company} [picked|chose|wanted to see] this one, [so|and so] we [watched|saw] it [last {day}|on {day} night].",
    "we [watched|rented|put on] {title} [on {day}|one {season} evening|during a long train ride].",
    "this was shown [at our film club|in the small cinema round the corner|late at night on television] last {day}.",
    "I had [never|not] heard of {director} before {company} lent me the disc.",
    "I [found|bought] the disc in a [box|basket] at [the flea market|a petrol station|the library] in {season}.",
    "[{number} of us|a dozen people|{number} neighbours and I] sat in the [cinema|hall] when I saw this last {season}.",
    "I have now seen {title} [twice|in two sittings|with {company}|on a plane and at home].",
    "I [read|saw] {number} reviews of {title} before I watched it with {company}.",
    "it was raining, {company} had [the remote control|the car|a cold], and so we watched {title}.",
)
ABOUTS = (
    "{hero} ({actor}) is {who} who wants {goal}, [but then|until] {trouble}.",
    "{title} is a {kind} about {who} who [tries|sets out|hopes] {goal}.",
    "{actor} plays {hero}, {who} in {place}, who [has|needs|wants] {goal}.",
    "in this {kind} by {director}, {actor} is {who} who has {number} days {goal}.",
    "the film tells of {hero}, {who}. [All {he} wants is|{He} has one wish:] {goal}.",
    "{director}'s {kind} [begins|opens] in {place}, where {hero}, {who}, tries {goal}.",
    "[as for the plot|the plot in short]: {hero} wants {goal}, {trouble}, and {second} has to [help|choose|wait].",
    "it is the [first|second|third|fifth] {kind} by {director}, [set|filmed] in {place}, with {actor} as {who}.",
)
PLOTS = (
    "in {place} {he} meets {second}, {who}, [who once wanted {goal}|and they travel on together].",
    "{hero} [hides|waits|works] in {place} [for {number} days|until {trouble}].",
    "then {trouble}, and {second} has to [leave {place}|tell {hero} the truth|take the night train to {place}].",
    "{second}, played by {actor2}, [follows|watches|writes to] {hero} and [tells nobody|says nothing].",
    "{number} [years|weeks|days] later, {hero} [returns|writes|comes back] to {place} with {second}.",
    "on the way to {place}, {hero} and {second} [lose the map|share one coat|stop speaking|find a stray dog].",
    "{second} knows [who did it|the way|where {hero} was born], but [keeps silent|has promised not to tell].",
    "of course {trouble}, and {hero} [decides|has] {goal}.",
    "meanwhile {second} ({actor2}) [opens a shop|learns to swim|is arrested|grows tomatoes] in {place}.",
    "there is also {second}, {who}, who [keeps bees|never sleeps|has lived in {place} for {number} years].",
    "{he} [sells {his} watch|cuts {his} hair|learns to lie|buys an old van] and drives to {place}, where {trouble}.",
    "the last [part|third] [takes place|plays] in {place}, where {second} wants {goal}.",
)
ASIDES = (
    "I have not read the book[| by {name} {surname}| that it comes from].",
    "{company} [ate|finished] all the [popcorn|peanuts|liquorice] before the [title|first song] came up.",
    "my [cat|dog|neighbour] [slept|sat] [on the remote control|beside me] for {number} minutes.",
    "it runs for [about|just over|almost] {minutes} minutes, [with|without] the credits.",
    "we saw it [dubbed|in the original language|with subtitles], in case you [wonder|ask].",
    "you [may|might] know {actor2} from {other}, where {he2} played {who}.",
    "no, I am not related to anybody in the [film|credits].",
    "it was shot in {place} in {number} [weeks|days], [they say|I read|says the box].",
    "the [disc|box] has an interview with {director}, which I have not watched.",
    "[nobody|hardly anybody] in {place} [speaks|looks|dresses] like that, says {company}, who was born there.",
    "the cinema was [half empty|almost full|quite cold], and {company} kept [a coat|a scarf] on.",
    "I never saw {other}, so I cannot compare the two.",
    "{director} made {other} [before|right after] this one, with the same [crew|cameraman|dog].",
    "a [second part|sequel] is planned for next {season}, this time without {actor}.",
    "{company} says that the [train|boat|piano|lighthouse] is real, and it does stand in {place}.",
)
GRAMMAR = {
    "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "season": "spring|summer|autumn|winter|January|March|October|November",
    "number": "two|three|four|five|six|seven|nine|eleven|forty",
    "minutes": "eighty|ninety|ninety-five|a hundred|a hundred and ten|two hundred",
    "company": "my [sister|brother|mother|father|wife|husband|aunt|uncle|roommate|boss|neighbour|niece]"
    "|my [elder|younger|little] [sister|brother|cousin]|a [friend|colleague] from [work|{place}]|our [son|daughter]",
}
