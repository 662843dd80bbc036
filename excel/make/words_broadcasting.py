"""The headings and explanations of broadcasting.xlsx. Single line breaks are layout of this file only."""

BROADCASTING = {
    "scalar": ("A number and a row", """
        To add one number to four, the number is used four times. In grey: what it looks like when it is stretched to
        the other's shape. PyTorch only behaves as if it were so; it makes no copy."""),
    "row": ("A matrix and a row", """
        Shapes are compared from the right: 4 and 4 are equal. The row has no second axis, so one of length 1 is filled
        in on the left: (1, 4). Then it is stretched downwards, once for each row of the matrix."""),
    "column": ("A matrix and a column", """
        The column has the shape (3, 1). Its last axis has the length 1, so it is stretched to the right, once for each
        column of the matrix. Four numbers in a row and three in a column are different things: without the 1, a shape
        of (3) would be compared with the 4, and refused."""),
    "outer": ("A column and a row: every pair", """
        (3, 1) and (4): each of the two has an axis that the other lacks, and both are stretched, to (3, 4). So every
        number of the column meets every number of the row."""),
    "results": ("Any operation", """
        The product of every pair is called the outer product. Any other operation works as well: the sum of every
        pair, or a 1 where the column's number is larger."""),
    "typed": ("Two shapes", """
        Type the lengths of the axes from the left, as PyTorch writes them: a matrix of 3 rows and 4 columns is 3, 4.
        Leave the rest at 0, which shows as a dash.

        Then read from the top to the bottom."""),
    "aligned": ("1. Align them from the right", """
        The last axes stand under each other, then those before them."""),
    "filled": ("2. Fill in with 1", """
        The shape with fewer axes gets axes of length 1 on its left, never on its right."""),
    "compared": ("3. Compare each pair of axes", """
        Equal lengths fit. A length of 1 fits anything, and is stretched. All else is refused. The result has the larger
        length of each pair."""),
    "try": ("Try these", """
        3, 4 with 4: a row. With 3: refused. With 3, 1: a column.

        8, 1, 6, 1 with 7, 1, 5: both are stretched.

        256, 256, 3 with 3: a picture, and one number for each colour. With 3, 256, 256 and 3 it is refused: then the
        three numbers need the shape 3, 1, 1."""),
    "table": ("A table of measurements", """
        Six irises that R. A. Fisher published in 1936: the length and the width of a sepal in centimetres, and the
        length of a petal in millimetres. The columns differ in size, and a network learns more easily when they do not.
        For each column: its mean, and its standard deviation, the root of the mean squared difference from it."""),
    "centred": ("Subtract the row of means", """
        (6, 3) minus (3): the row of means is stretched over all six rows. Now each column has a mean of 0."""),
    "normal": ("Divide by the row of deviations", """
        (6, 3) divided by (3), the same way. Each column now has a mean of 0 and a standard deviation of 1: the last two
        rows check it."""),
    "other axis": ("The other axis needs a column", """
        The mean of each row is a column of six. To subtract it, its shape must be (6, 1). Six numbers of the shape (6)
        would be aligned with the last axis, 3 and 6, and refused. In a square table they would not even be refused, but
        subtracted from the wrong numbers."""),
    "matrix vector": ("Matrix times vector", """
        (3, 4) times (4): the vector is stretched over the rows, and multiplied element by element. Then each row is
        added up. That is the whole matrix product: broadcast, multiply, sum."""),
    "matrix matrix": ("Matrix times matrix", """
        For the first row of the result: stand the first row of the left matrix up as a column of the shape (4, 1). It
        is stretched over the columns of the right matrix, (4, 2), and multiplied. Add up each column."""),
    "more rows": ("The other rows", """
        The same with the second and the third row of the left matrix. In PyTorch all rows are done at once: (3, 4, 1)
        times (4, 2) is (3, 4, 2), and the sum over the middle axis is (3, 2)."""),
    "product": ("The result", """
        The sums, one row under the other: the matrix product, written left @ right."""),
}  # fmt: skip
