"""The headings and explanations of collaborative_filtering.xlsx. Single line breaks are layout of this file only."""

OVERVIEW = {
    "ratings": ("A table with holes", """
        The stars that eight users gave to eight films. They are from the sample of the lesson. A hole, white, is a film
        that this user has not rated: type stars there, or 0 to make a hole.

        A user has a bias and two factors, and so has a film. The prediction is the mean of all ratings + the user's
        bias + the film's bias + factor 1 times factor 1 + factor 2 times factor 2."""),
    "start": ("Where to start", """
        Small numbers, drawn once at random: they mean nothing yet. If all factors were 0 they would stay 0: each
        one's gradient is made of the other's value."""),
    "settings": ("How to learn", """
        The learning rate is yours to play with: 0.1 crawls, 2 is faster than 1, and with 3 the loss jumps up and down.
        The weight decay pulls every weight a little towards 0 at each step; try 0.1: the loss stays larger,
        since the factors are kept small. That costs here. It pays on ratings that were held out."""),
    "loss": ("The loss", """
        The mean of the squared errors over the ratings that are known. Each row is one step. At first it
        falls slowly: while the factors are small, so are their gradients. Then the factors agree on what they mean,
        and it falls fast."""),
    "shown": ("What was learned", """
        The weights and the predictions after the step that you ask for. Orange marks the holes: what these users would
        say of films that they have not rated.

        The first four films are action, the last four are quiet. No formula knows that. After enough steps the two
        kinds lie apart on the map, because users who like one film of a kind tend to like the others.

        Two warnings. Some predictions lie below 0.5 stars or above 5: nothing forbids it here. And 48 weights for 49
        ratings memorise much of the table, so that a small loss proves little."""),
}  # fmt: skip

STEPS_TITLE = (
    "Every step, a block below the one before",
    "new weight = weight - learning rate × (2 × sum of errors times partners / known ratings + decay × weight)",
)

STEPS_WORDS = [
    ("How a block is made", """
        Above, the weights of the films; to the left, those of the users. Between them the predictions, one for each
        pair. To the right the errors, and nothing where there is no rating.""", 8),
    ("The gradient", """
        A user's factor 1 is multiplied by each film's factor 1. So when it grows by 1, each of this user's
        predictions grows by that film's factor 1. The gradient of the loss is 2 × the sum of error times film's factor,
        divided by the number of ratings. A bias has nothing that it is multiplied by: the errors are summed as they
        are.""", 10),
    ("The next block", """
        Click on a weight of step 1. It is the weight of step 0, minus the learning rate times this gradient. All
        weights move at once, from the errors of one block.""", 8),
]  # fmt: skip
