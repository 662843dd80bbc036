"""The headings and explanations of the workbooks, by block. Single line breaks are layout of this file only."""

BY_HAND = {
    "picture": ("A picture is numbers", """
        A real handwritten digit, 8 by 8 pixels. Each cell says how much ink is there: 0 is paper, 16 is full ink.

        The ring of zeros around it is padding. With it, a 3 by 3 window can be centred on every pixel, those at the
        border too."""),
    "top edge": ("Layer 1: a filter for top edges", """
        Lay the 3 by 3 filter over a 3 by 3 window of the picture, multiply each pair of numbers, add the nine products.
        Move the window by one pixel, and again.

        This filter gives a large number where there is paper above and ink below: a top edge. Then ReLU keeps what is
        positive and turns the rest into 0. That is all it does."""),
    "left edge": ("A filter for left edges", """
        The same filter on its side: paper to the left, ink to the right. Click on a sum to see its formula.

        What a filter gives is called a feature map. Two filters, two maps."""),
    "bar": ("Layer 2: one filter over a stack of two maps", """
        The input is two maps now, so a filter has two slices: the upper one for the top-edge map, the lower one for the
        left-edge map. It is still one filter, 2 by 3 by 3, and adds all 18 products into one number.

        This one wants three top edges side by side, and none two rows below: a bar. There is no padding here, so 8 by 8
        becomes 6 by 6."""),
    "corner": ("A second filter of the same shape", """
        This one wants a top edge that runs to the right and a left edge that runs down: a corner. A second layer
        combines what the first one found."""),
    "pool": ("Max pooling", """
        Of each 2 by 2 block of a map keep the largest number: the feature was found somewhere here. Half the height,
        half the width."""),
    "dense": ("Dense layer", """
        Every number that is left has a weight of its own. Multiply, add all 18 products and the bias: one output.

        These weights are made up. Training finds good ones, for the filters too: see the next sheet."""),
}  # fmt: skip

TRAINED = {
    "picture": ("The picture", """
        Digit number N of the sheet "digits", divided by 16, so that ink is between 0 and 1. The grey ring of zeros is
        padding.

        The network has never seen these digits: they were held out when it was trained. To the right is its answer,
        from the bottom of this sheet: ten probabilities. The network says the digit with the largest."""),
    "conv1": ("Layer 1: four filters", """
        Four filters of 3 by 3, each with a bias. Nobody chose these numbers: training started from random ones and
        improved them. Can you see what each filter looks for?"""),
    "sums1": ("Sum of products, plus bias", """
        The filter over each window of the picture, as on the sheet "by hand". With padding, 8 by 8 stays 8 by 8."""),
    "relu1": ("ReLU", """
        max(0, x). The grey ring of zeros is the padding that layer 2 needs."""),
    "conv2": ("Layer 2: eight filters over a stack of four maps", """
        Each filter has four slices of 3 by 3, one for each map of layer 1. It adds all 36 products and its bias into
        one number. The slices are laid out like a page: 1 and 2 above, 3 and 4 below."""),
    "sums2": ("Sum of products, plus bias", """
        One number for each window of the stack."""),
    "relu2": ("ReLU", """
        max(0, x)."""),
    "conv2 more": ("Layer 2: filters 5 to 8", """
        The same again."""),
    "pool": ("Max pooling", """
        The largest number of each 2 by 2 block. Eight maps of 4 by 4 are left: 128 numbers."""),
    "dense": ("Dense layer, then softmax", """
        Each digit from 0 to 9 has one weight for every pooled number: 128 in a row of eight squares, one square under
        each map. Multiply, add, add the bias: the digit's logit.

        Softmax turns ten logits into ten probabilities. Subtract the largest logit, which changes no probability but
        keeps exp from overflowing; take exp; divide by the sum. Every result is positive, and they add up to 1.

        The dense layer holds 1,290 of the network's 1,626 numbers."""),
}  # fmt: skip

SOFTMAX = {
    "softmax": ("Softmax", """
        A network's last layer gives one number for each class, of any size and sign: the logits. Softmax makes
        probabilities of them: exp, which makes everything positive; the sum; each divided by the sum.

        exp pulls numbers apart: a logit that is larger by 1 gets 2.7 times the probability. Softmax wants to pick
        one."""),
    "safe": ("The safe version", """
        Subtract the largest logit first. That divides every exp by the same number, and so the sum too: the
        probabilities stay the same. Now no exp is above 1, and none can overflow."""),
    "temperature": ("Temperature", """
        Divide the logits by a temperature before softmax. Below 1 softmax is surer, above 1 it is less sure; very high,
        and all classes are equally likely. The order of the classes never changes."""),
    "large": ("Why it matters", """
        The largest number that a cell can hold is about 1.8 with 308 zeros, and exp(710) is above it. So exp alone
        gives no answer for these logits. The safe version sees only their differences.

        In a network, numbers are usually float32, and there exp(89) is already too much."""),
    "one": ("One thing in the picture", """
        The same logits through both. Softmax divides one whole among the classes, so they compete. Sigmoid,
        1 / (1 + exp(-x)), looks at each logit by itself: above 0 is more likely than not."""),
    "two": ("Two things in the picture", """
        A cat and a dog, and the network sees both clearly. Softmax cannot say so: the two share the whole. Sigmoid can:
        both are near 1, and their sum may be above 1."""),
    "none": ("Nothing that it knows", """
        All logits are low. Softmax still picks one. Sigmoid says: none of these.

        One label for each picture: softmax. Any number of labels: sigmoid."""),
    "logits": ("Four pictures, three classes", """
        One row a picture: its logits, and the number of the class that is right. Classes count from 0."""),
    "log softmax": ("Log-softmax", """
        The log of softmax, without ever taking the log of a tiny number: the logit, minus the log of the sum of exp of
        the row. That sum is taken by way of the largest logit, so nothing overflows. 0 is certain, all else below."""),
    "cross-entropy": ("Cross-entropy, by class number", """
        Look up the log-probability of the class that is right, and drop its minus sign. Sure and right costs nearly
        nothing; sure and wrong costs a lot. The loss of the batch is the mean."""),
    "one-hot": ("Cross-entropy, by one-hot rows", """
        The same target t, written as a row with a 1 at the class that is right and 0 elsewhere. Multiply by the
        log-probabilities, add, change the sign. All but one product are 0: it is the same number."""),
    "labels": ("Three pictures, four labels", """
        Each picture may have several labels, or none: a 1 for each that it has. That is a multi-hot row."""),
    "sigmoid": ("Sigmoid", """
        Each logit by itself becomes a probability: of this label, yes or no."""),
    "binary": ("Binary cross-entropy", """
        For each label, minus the log of the probability that was given to what is true: p where the target is 1, and
        1 - p where it is 0. The loss is the mean over all labels of all pictures."""),
    "binary safe": ("The safe version", """
        The same numbers straight from the logits: max(x, 0) - x t + ln(1 + exp(-|x|)). No logit overflows it, and none
        leads to the log of 0."""),
    "products": ("Products become sums", """
        ln undoes exp. The log of a product is the sum of the logs, so a product of many small probabilities, too small
        for any computer, becomes a sum of moderate numbers."""),
    "ratios": ("Ratios become differences", """
        The log of a ratio is the difference of the logs. So a difference of two logits says how many times more likely
        one class is than the other."""),
    "exp": ("And back", """
        exp turns a sum into a product. That is why adding a number to all logits multiplies every exp by one factor,
        and softmax stays the same."""),
    "base": ("Another base only scales", """
        Minus log p, as in cross-entropy, in three bases. Whatever p is, the loss in bits is 1.4427 times the loss with
        base e: 1 / ln(2). To training, that is only another learning rate."""),
}  # fmt: skip
