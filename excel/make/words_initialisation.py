"""The headings and explanations of initialisation.xlsx. Single line breaks are layout of this file only."""

TWENTY = {
    "spread": ("Twenty layers", """
        Eight samples go through twenty layers of ten units. Each weight is a normal number times gain / √10: a layer
        has 10 inputs.

        The spread is the standard deviation of all 80 activations of a layer. At the start it is 1. The rule says what
        to expect: each layer multiplies the spread by the gain, with ReLU by gain / √2. There is none for tanh."""),
    "try": ("What to try", """
        Gain 1: the spread stays near 1. Gain 0.5: it halves in each layer, and after twenty it is a millionth. Gain 2:
        it doubles, and after twenty it is a million.

        ReLU (3) with gain 1: it dies out, for ReLU turns about half of the sums into 0. Type 1.414, about √2: it
        stays.

        tanh (2) with gain 1: it shrinks slowly, to 0.15. With 1.667 it stays at about 0.65. With gain 2 the
        activations cannot explode, since tanh is between -1 and 1. But the gradient grows."""),
    "gradients": ("The way back", """
        The second curve is the gradient. It starts at the last layer, with a spread of 1, and goes back to the
        samples: read it from right to left. It passes through the same weights, and each layer multiplies it by the
        same factor. These are the vanishing gradient and the exploding gradient."""),
    "luck": ("Why the curve is not smooth", """
        Ten units are few, so chance matters. These numbers were chosen out of many draws, because they stay near the
        rule; most draws drift further. Layers of hundreds of units stay near it by themselves."""),
    "inner": ("From layer to layer", """
        The samples go down through the first two columns of blocks. A sum is gain / √10 times the sum of ten products:
        one row of the activations above it, and one row of the layer's block on the sheet "normal numbers". The
        activation is none, tanh or ReLU of the sum.

        The gradient goes up through the other two columns. It starts in the last block: how fast the loss grows with
        each activation, here made up. The gradient of a sum is the gradient of its activation times the derivative: 1
        for none, 1 - a² for tanh, 1 or 0 for ReLU. From there it goes through the weights back to the layer before.

        Yellow: the samples, and the gradient to start with. You may change them."""),
}  # fmt: skip

LAYER = {
    "why": ("Why the spread changes", """
        Each unit adds up n products of a weight w and an input x. The weights have a mean of 0 and do not depend on
        the inputs. So the variance of one product is var(w) times the mean of x². If the mean of x is 0, too, that is
        var(w) · var(x).

        Variances of such products add up. So the variance of the sum is n · var(w) · var(x): it grows with n, and the
        spread grows with √n. Type n = 1, 4, 16, 64 and compare the rule with what is measured. With so few numbers
        they differ by some percent."""),
    "settle": ("1/√n", """
        The sums should be spread as the inputs are: then n · var(w) = 1. So the variance of the weights is 1/n, and
        their spread 1/√n. With n = 16 type 0.25 as the spread of the weights: the variance of the sums is near 1
        again.

        On the sheet "twenty layers" this happens twenty times. There n is 10, and the spread of the weights gain /
        √10. A factor of 2 in one layer is a factor of a million in twenty."""),
    "relu": ("After ReLU", """
        Type 2 at the right: the inputs have been through a ReLU. Half of them are 0 now. Their mean is not 0 any more,
        and the mean of x² counts: it is half as large. To make up for it the variance of the weights must be 2/n, and
        their spread √(2/n). That is the gain of √2 in Kaiming initialisation (He et al., 2015). For layers without
        ReLU 1/n is the one to take, as in Xavier initialisation (Glorot and Bengio, 2010), for as many outputs as
        inputs."""),
}  # fmt: skip

NORMALISATION = {
    "table": ("Six samples, five features", """
        One row is one sample of a batch, one column one feature: the sums of one unit, say. You may change any number.
        The number at the top adds to the first one, so that you see what depends on it."""),
    "statistics": ("Two ways to take a mean", """
        Batch norm takes the mean and the variance of each column: one feature, over all samples of the batch. Layer
        norm takes those of each row: one sample, over all its features.

        Both then do the same: subtract the mean, divide by √(variance + ε), times γ, plus β. The ε is there so that
        nothing is divided by 0. Training learns γ and β."""),
    "batch": ("Batch norm", """
        Every column has a mean of 0 and a variance of 1 now, up to ε. Look at the difference: one number was changed,
        and the whole column moved, for all samples. What a sample gives depends on its neighbours in the batch.

        This sheet shows what nn.BatchNorm1d does while it trains. For evaluation it uses a running mean and variance
        that it has kept. Change γ and β: each column gets the spread and the mean that you type."""),
    "layer": ("Layer norm", """
        Every row has a mean of 0 and a variance of 1 now. The difference is in one row: only the sample that was
        changed moved. A sample depends on itself alone, in training and in evaluation.

        Either one sets the spread anew in each layer, whatever the gain was. That is one reason why deep networks
        train better with it."""),
}  # fmt: skip

NUMBERS = {
    "weights": ("Twenty blocks of 10 by 10", """
        Numbers with a mean of 0 and a spread of 1, normally distributed. One block is one layer; one row of it belongs
        to one unit, as in nn.Linear. Times gain / √10 they are the weights.

        The numbers stay, so that you see what the gain does and nothing else. They were chosen out of many draws: with
        them the spread stays within a factor of 2 through all layers, for gain 1 without activation and for gain √2
        with ReLU. You may type others."""),
    "layer": ("Inputs and weights", """
        24 samples and 24 units, with 64 normal numbers each. At the sheet "one layer" you choose how many of
        them are in use, n. Below: the inputs in use. Those beyond position n are 0, and with ReLU the negative
        ones, too."""),
}  # fmt: skip
