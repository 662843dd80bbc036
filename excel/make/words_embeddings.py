"""The headings and explanations of embeddings.xlsx. Single line breaks are layout of this file only."""

EMBEDDINGS = {
    "matrix": ("A category is a row of a matrix", """
        One row for each weekday, and row 0 for whatever was never seen in training. The four numbers of a row stand for
        that day. They are weights: at the start they are random, training finds better ones. These were found by the
        model of lesson 12, rounded.

        Beside it: the weekdays of six rows of a table. Type other ones, from 0 to 7."""),
    "one-hot": ("The one-hot way to say it", """
        A day as eight numbers: all 0, and a single 1 at the day's position. Each of the six rows says the same as the
        day number above, with eight numbers instead of one."""),
    "product": ("Two ways to the same rows", """
        Left: the one-hot row times the matrix. Each result is a sum of eight products, seven of which are 0 times
        something. Click on one to see them.

        Right: look up the row of that number. No multiplication at all. The difference of the two is 0 everywhere."""),
    "count": ("What the product costs", """
        Rows of the batch, values of the category, numbers that stand for one value: their product is the number of
        multiplications. Only those by a 1 do anything. Try 1116 values and 50 numbers: the stores of the full set."""),
    "arriving": ("The gradients that arrive", """
        Training sends back, for each of the six rows, how the loss would change with each of its four numbers: the
        gradient. Here you may type in any."""),
    "back": ("Back to the matrix, two ways", """
        Left: the one-hot matrix, transposed, times the gradients. Right: each row of the matrix adds up the gradients
        of those table rows that looked it up. Again the same numbers.

        A day that stands in none of the six rows gets 0. A day that stands there twice gets the sum of two."""),
    "step": ("One step of training", """
        The matrix minus the learning rate times the gradient. Rows that nobody looked up stay as they were. Compare
        with the matrix on the sheet "lookup"."""),
    "states": ("A second category", """
        Two numbers for each state; row 0 is again for the unknown. Beside it: the four rows of a small table. The days'
        matrix is that of the sheet "lookup"."""),
    "joined": ("Laid side by side", """
        Four numbers for the day, two for the state, and the two columns that were numbers anyway: eight numbers, a row
        like any other. From here on nothing is new."""),
    "layers": ("Two linear layers", """
        Three sums, with ReLU after them; then one more sum. It stands for the logarithm of the sales, so that exp gives
        the sales."""),
    "weights": ("Their weights", """
        One column for each of the three hidden sums, its bias below. Then the weights of the last sum, and its bias.
        Invented, not trained: change them."""),
    "ratio": ("Errors as ratios", """
        Sales and predictions of six days. The error in euros is large where sales are large. The error divided by
        the true sales treats all days alike. So does the difference of the logarithms, and for small errors the two are
        nearly the same."""),
    "roots": ("The root comes last", """
        The measure is the root of the mean of the squared relative errors: RMSPE. Three days are a batch here. If you
        take the root in each batch and average the roots, you get another, smaller number, unless the batches are
        equal. So add up squares, and take the root once, at the end."""),
    "apart": ("How far the days are apart", """
        The distance between two rows of the matrix: the root of the sum of the four squared differences. The stronger
        the orange, the farther apart. Compare the rows of Saturday and Sunday with the others."""),
    "weekend": ("Is there a weekend?", """
        The mean distance among Monday to Friday, the mean distance from Saturday and Sunday to those five, and how many
        times as large the second is. Around 1 would mean that the model sees no weekend. Type a new matrix of random
        numbers into the sheet "lookup" and look again."""),
}  # fmt: skip
