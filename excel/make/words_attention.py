"""The headings and explanations of attention.xlsx. Single line breaks are layout of this file only."""

HAND = {
    "vectors": ("Six words, four numbers each", """
        "the cat slept because it yawned". The numbers were made up, so that you can read them. The first says how much
        a word is a thing, the second how much it is an action, the third how much it points back to another word. The
        fourth is 0: it belongs to the position.

        Attention itself does not know the order of the words. So each position has a vector, too, and it is added.
        Change a yellow number and watch the weights."""),
    "maps": ("Queries, keys, values", """
        Each word gives three vectors. Its query says what it looks for. Its key says what it offers. Its value is what
        others get from it. Each is a linear layer of x: one row of weights for each number, as in nn.Linear, here
        without bias."""),
    "read": ("What these weights do", """
        Query 1 looks for a thing: actions ask once, pointers twice. Query 2 looks for an action: things ask. Query 3
        looks for a pointer: actions ask. Query 4 is twice the position, so later words count a little more.

        The keys are x as it is. The values leave the position out: its row of weights is 0."""),
    "scores": ("Who fits whom: softmax of the scores", """
        A score is the sum of the products of one query and one key. A row is the word that asks, a column the word that
        answers. It is divided by √d, where d is the length of a key, here 4: else long keys would give large scores.
        Type 0 at the top: the scores double, and the weights become sharper.

        Then softmax of each row: exp of each score, divided by the sum of the row. (The largest score is subtracted
        first. That changes nothing, but keeps exp small.) "it" gives 84 % of its weight to "cat"."""),
    "mask": ("The causal mask, and the results", """
        A word looks at itself and at the words before it. Later ones get 0: a model that predicts the next word must
        not see it. Type 0 at the top: now "cat" looks most at its actions, "slept" and "yawned", which come later.

        A result is the mean of the values, by the weights of a row. The row "it" is nearly the vector of
        "cat"."""),
}  # fmt: skip

TRANSFORMER = {
    "type": ("What comes next?", """
        A transformer: two blocks, with two heads each. Choose a word from the list in a yellow cell, or type it, or
        type its number. Leave the last cells empty for a shorter text. It was trained on three kinds of text:

        Things: "red hat green car white ball green". Each colour keeps its thing.

        Meetings: "anna met ben . ben thanked". Each sentence is about both people.

        Turns: "anna ben carl anna ben carl anna". The order stays the same."""),
    "heads": ("Four heads, as heat", """
        One square is one head. A row is the word that looks, a column the word that is looked at. The numbers of a row
        add up to 1. The part above the diagonal is empty: the causal mask. A row without a word is empty, too.

        The heads of block 2 look at what block 1 has made of the words, not at the words alone.

        All the numbers on the way are on the sheets "block 1" and "block 2"."""),
    "copy": ("How it finds the word that came before", """
        Look at block 1, head 1: each thing looks at the word before it, its colour. So the vector of "car" now tells
        that it stood behind "green".

        Look at block 2, head 2, last row: "green" looks for a word that stood behind "green", and finds "car". These
        two steps together are called an induction head. They need two blocks: the second step reads what the first has
        written.

        "red hat" and "green car" never stood together in training. The network does not know them by heart: it copies
        what it reads."""),
    "try": ("What to try", """
        Change "car" to "boat": the answer changes with it. Change the last word to "red".

        Type "anna saw ben . anna" and clear the rest. Now three words are equally likely: each gets about a third.

        Type "anna met ben . ben thanked". In block 2, head 1, "thanked" looks at the second "ben": he thanks, so the
        other person comes next. Change that "ben" to "anna".

        Type words that make none of the three kinds of text. There is an answer, but training has not taught it."""),
}  # fmt: skip

BLOCK = {
    "x": ("What comes in", """
        In block 1: the vector of the word plus the vector of its position. In block 2: what block 1 gives. Rows without
        a word are pale: nothing looks at them."""),
    "norm": ("Layer norm", """
        Each row minus its mean, divided by √(variance + ε), times γ, plus β. γ and β are on the sheets of weights.
        Lesson 20 shows why."""),
    "qkv": ("Queries, keys, values", """
        A linear layer of each row: 16 numbers each. Head 1 takes the first eight of them, head 2 the others."""),
    "scores": ("Scores and attention weights", """
        As on the sheet "by hand", once for each head: query times key, divided by √8; exp, 0 for later words; divided
        by the sum of the row."""),
    "mixed": ("Attention adds to x", """
        The values of each head, weighted. A linear layer mixes both heads. What it gives is added to x: a residual
        connection."""),
    "mlp_norm": ("Layer norm again", "The same as above, with a γ and a β of its own."),
    "hidden": ("The MLP: 64 sums", """
        From here on each word is on its own. A linear layer makes 64 numbers of 16."""),
    "gelu": ("GELU", """
        The activation x · Φ(x), where Φ(x) is the probability that a standard normal number is below x: NORMSDIST. For
        large x it is nearly x; far below 0 it is nearly 0."""),
    "out": ("The MLP adds to x", """
        A second linear layer makes 16 numbers of the 64. They are added to x, and the block is done."""),
}  # fmt: skip

VECTORS = {
    "words": ("The vectors of the words", """
        Sixteen numbers for each word, learned. They are used twice: at the start, and at the end, where the logit of a
        word is the sum of the products of its vector and the network's last vector (tied weights).

        The names of the yellow blocks are those of the parameters in PyTorch, such as embedding.weight: put them into
        ck.Transformer, and it gives the same numbers."""),
    "rest": ("Positions, and the last layer norm", """
        One vector for each of the eight positions, learned. For a ninth word there is none.

        The last layer norm comes after block 2. ε is a small number that keeps a layer norm from a division by 0."""),
    "last": ("The last word", """
        Only the last word that was read says what comes next. Its vector goes through one more layer norm. Times the
        vector of each word of the list it gives the logits on the sheet "transformer"."""),
}  # fmt: skip

WEIGHT = {
    "norms": ("γ and β of both layer norms", """
        Every yellow number was learned. Change one and look at the sheet "transformer"."""),
    "qkv": ("Queries, keys, values", """
        Three linear layers in one, as in ck.SelfAttention: 16 rows for the queries, 16 for the keys, 16 for the values.
        "query h1.3" is number 3 of the query of head 1.

        One row is one unit: 16 weights, and its bias at the right."""),
    "output": ("Output of attention", """
        Mixes the values of both heads."""),
    "mlp": ("The MLP, first layer", """
        64 units with 16 weights each."""),
    "back": ("The MLP, second layer", """
        16 units with 64 weights each."""),
}  # fmt: skip
