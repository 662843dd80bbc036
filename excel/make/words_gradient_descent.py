"""The headings and explanations of gradient_descent.xlsx. Single line breaks are layout of this file only."""

OVERVIEW = {
    "data": ("Twenty points and a line", """
        The points to fit. The line is y = a x + b, with two weights, a and b. Training starts with bad weights and
        improves them a little with every step."""),
    "settings": ("Four ways to take a step", """
        Each optimiser has a sheet of its own, with one row a step and one point a row: 120 steps, six times through all
        points. The first learning rate to try is yours: ten times smaller is too slow, ten times larger may never
        arrive."""),
    "start": ("Where to start, and where to look", """
        The weights before the first step, the same for all four. Below: where each one has got to after the number of
        steps that you ask for, beside the best line that there is."""),
    "loss": ("The loss, side by side", """
        The mean of the squared errors of all twenty points, for the weights after that many steps. A step looks at one
        point only, so this loss may also rise."""),
    "path": ("The path of the two weights", """
        Each point of a path is a pair of weights. All start at one point, and the dot is the best line. The loss is a
        valley, long and narrow: across it it is steep, along it nearly flat. Plain SGD falls into the valley
        with its first step, and then crawls. Momentum rolls to and fro across it, but gets along it faster."""),
}  # fmt: skip

SHEETS = {
    "sgd": (
        "SGD: a step against the gradient",
        "step = - learning rate × gradient. The learning rate is on the sheet overview.",
        [
            ("One row, one step", """
        Take the next point, x and y. With the weights before the step the line predicts a x + b. The error is the
        prediction minus y, and the loss of this point is the error squared.""", 8),
            ("The gradient", """
        How fast the loss grows when a weight grows. By the chain rule it is 2 × error × x for a, and 2 × error for b.
        It points uphill, so the step goes the other way.""", 8),
            ("The step", """
        The gradient times the learning rate, with a minus sign. The weights after the step are those before, plus the
        step. The next row starts with them.""", 7),
            ("The loss of all points", """
        In the last column: the weights after the step, tried on all twenty points. The row of step 0 shows it for the
        weights at the start.""", 7),
        ],
    ),
    "momentum": (
        "Momentum: the steps remember their direction",
        "velocity = momentum × velocity before + gradient;  step = - learning rate × velocity.",
        [
            ("What is new", """
        Up to the gradient a row is the same as for SGD. Then the gradient goes into a memory, the velocity: most of
        what it was, plus the new gradient. The step follows the velocity.""", 8),
            ("Why it helps", """
        Gradients that point to and fro cancel each other in the memory. Those that keep pointing the same way add up:
        with a momentum of 0.9, to ten times one gradient. So it is fast along a valley, and the learning rate must be
        smaller.""", 8),
            ("And what it costs", """
        A ball that rolls fast rolls too far. Watch the velocity change its sign when the weights have passed the best
        ones.""", 6),
        ],
    ),
    "rmsprop": (
        "RMSprop: every weight has a step size of its own",
        "square = α × square before + (1 - α) × gradient²;  step = - learning rate × gradient / (√square + ε).",
        [
            ("What is new", """
        The memory holds a running mean of each weight's squared gradients: most of what it was, and a little of the new
        square. Its root says how large this weight's gradients usually are.""", 8),
            ("Why it helps", """
        The gradient is divided by its own usual size. What is left is its sign, and whether it is large or small for
        this weight. So a and b take steps of a similar size, though their gradients differ.""", 8),
            ("Epsilon", """
        A tiny number under the gradient, so that nothing is divided by 0.""", 4),
            ("At the start", """
        The memory starts at 0, so the first roots are too small and the first steps too large: more than three times
        the learning rate with an α of 0.9. Adam repairs that.""", 7),
        ],
    ),
    "adam": (
        "Adam: both memories together",
        "step = - learning rate × corrected mean / (√corrected square + ε).",
        [
            ("What is new", """
        Two memories for each weight: a running mean of the gradients, as in momentum, and a running mean of their
        squares, as in RMSprop. The step is the one divided by the root of the other.""", 8),
            ("The correction", """
        Both memories start at 0, so at first they are too small. After t steps a mean with β holds a fraction 1 - β^t
        of its weight. Dividing by that fraction repairs it: after the first step the corrected mean is the first
        gradient itself.""", 9),
            ("What to see", """
        The first step is as long as the learning rate, for both weights, however large their gradients are. After some
        fifty steps the correction of the mean is over. That of the square goes on much longer, because its β is nearer
        to 1.""", 8),
        ],
    ),
}  # fmt: skip
