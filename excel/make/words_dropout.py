"""The headings and explanations of dropout.xlsx. Single line breaks are layout of this file only."""

DROPOUT = {
    "one": ("A feature map, and 64 random numbers", """
        A map of the trained network in convolution.xlsx: layer 2, filter 5, after ReLU, for digit 8. You may change it.

        Beside it is one draw of random numbers between 0 and 1, a fresh one for each activation. They come from the
        sheet "random numbers", so that the same draw can be looked at again. A network draws new ones for every batch.

        The mask is 1 where the random number is at least p, otherwise 0. So p is the fraction that is dropped, more or
        less: each activation has its own luck."""),
    "training": ("Training and evaluation", """
        While it trains, the map is multiplied by the mask: the thinned map. What is left is divided by 1 - p, so that
        the total stays about the same. That is what the next layer gets.

        When the network is evaluated nothing is dropped and nothing is scaled: the map goes through as it is."""),
    "pool": ("What survives max pooling", """
        The largest of each 2 by 2 block. Where the largest activation was dropped, the next one replaces it. To
        the right: 1 where the largest one is still there, 0 where it is not."""),
    "totals": ("What the next layer sees", """
        Suppose that the next layer adds up the map. Thinned only, the total is too small by a factor of about 1 - p,
        and the layer would have to learn other weights for training than for evaluation. Scaled, it is right on
        average."""),
    "several masks": ("Four masks", """
        Type the numbers of four draws. The fraction p is that of the sheet "one draw". No two masks are alike, so the
        network cannot rely on any single activation."""),
    "several outputs": ("What the next layer gets", """
        Thinned and scaled. Each map is wrong in its own way, and each one still looks like the map on the sheet "one
        draw"."""),
    "several pooled": ("After max pooling, and the total", """
        The largest of each 2 by 2 block. Below are the totals of the four maps, and the total of the map itself, which
        is what the next layer sees at evaluation."""),
    "kept": ("How often each was kept", """
        Out of the first so many draws: the fraction in which this activation was kept. With more draws it comes closer
        to 1 - p, everywhere."""),
    "mean": ("The mean map", """
        The mean of all these training outputs: each activation times its fraction, divided by 1 - p. This is the
        expectation. With one draw it is one thinned map; with 200 it looks like the map itself."""),
    "difference": ("What is still missing", """
        The mean map minus the map. Orange is too much, blue too little. Four times as many draws halve it,
        roughly."""),
    "each": ("The total of each draw", """
        The sum of the map while training, one row a draw. The chart shows them as dots, and their mean so far as a
        line. The dashed line is the total at evaluation. The mean settles there: that is what the scaling is for."""),
    "spread": ("The price: noise", """
        The mean is right, but a single draw is not. Theory says that the variance of the total is p / (1 - p) times the
        sum of the squared activations, since each activation is kept or dropped by itself. Compare it with what the
        draws gave. Try p = 0.1 and p = 0.8 on the sheet
        "one draw"."""),
}  # fmt: skip
