"""The headings and explanations of diffusion.xlsx. Single line breaks are layout of this file only."""

FORWARD = {
    "idea": ("Noise, added in ten steps", """
        Twelve points make a face: four for the eyes (orange), eight for the mouth (blue). Each point has its own noise:
        two normal numbers, a fixed table here, so that you see the same picture again.

        At t the point has moved to √ᾱ times the point plus √(1-ᾱ) times its noise. This is the forward process of
        diffusion. At t = 0 there is no noise. At t = 10 there is almost nothing else."""),
    "schedule": ("The noise schedule", """
        ᾱ (read "alpha bar") says how much of the point is left. Here ᾱ is the squared cosine of an angle, and the
        angle grows by equal steps from 0 to 86 degrees. This is a cosine schedule.

        ᾱ / (1-ᾱ) is the signal-to-noise ratio. It is above 40 at t = 1 and below 0.01 at t = 10. It passes 1
        between t = 5 and t = 6.

        The two squared factors ᾱ and 1-ᾱ add up to 1. Points and noise both have a spread (standard deviation)
        of about 1, and so have the points at every t. The last column shows it."""),
    "try": ("What to try", """
        Look at t = 0, 2, 4, and so on to 10. Up to which t can you see the face?

        Noise times 0: the face shrinks to one place, for √ᾱ gets small. Noise times 1 again, and turn it by 90
        degrees: other noise, the same end of the story.

        Set the angle at t = 10 to 60 degrees. Then ᾱ is still 0.25 there, and you can still see where the eyes were.
        A schedule has to end near ᾱ = 0."""),
    "table": ("Every point at every t", """
        Left: the noise in use, after turning and multiplying, and each point at the t looked at. Right: x of each point
        at every t, and below it y. From column to column a point moves a little, from its place in the face to its
        noise."""),
}  # fmt: skip

DENOISER = {
    "weights": ("Which point was it?", """
        You see one position at time t. It came from one of the twelve points, but from which? Without noise it would be
        at √ᾱ times the point (grey in the chart). The noise has moved it from there.

        So points whose grey dot is near are likely. The score is -distance² / (2 (1-ᾱ)), from the normal
        distribution. Softmax turns the twelve scores into weights: the probability of each point. All points are
        equally likely before you look.

        The largest score is subtracted first, so that e^ cannot overflow. The weights stay the same."""),
    "mean": ("The best guess is a mean", """
        The mean of the points, each with its weight, is the best guess of x₀: it has the least mean squared error.
        No network can do better. A network learns to come near it, from points and noise alone.

        What is left is the predicted noise. Denoised point and predicted noise are two ways to say the same: from one
        you work out the other. Put together they give the position again.

        One step back takes both, with the factors of t - 1: more of the point and less noise."""),
    "times": ("The same position at every t", """
        A column is a t. At t = 1 one or two points have nearly all the weight. At t = 10 all twelve have nearly the
        same, 1/12 = 0.083, and the guess is near the mean of all points, in the middle of the face, where no point is.

        That is why one step from noise gives nothing sharp: a mean of many faces is a blurred face. Many small steps
        do.

        Type other positions, and look at which t the weights choose."""),
    "distances": ("What the weights are made of", """
        The squared distance of the position to √ᾱ times each point. A weight is e to the power of
        -(distance² - the smallest distance²) / (2 (1-ᾱ)), divided by the sum of its column."""),
}  # fmt: skip

BACK = {
    "starts": ("From noise to points", """
        Five starts, as if drawn from a normal distribution, at t = 10. Ten times the denoiser guesses, and ten times
        the position goes one step back. The end is the last guess. Type other starts.

        Each end is near a point of the face. Ten steps are few: some ends lie between two neighbours."""),
    "step": ("One step, from t to t - 1", """
        1. The weights of the points at this position and t, as on the sheet "denoiser".

        2. Denoised: the mean of the points with these weights. Predicted noise: what is left.

        3. The new position is √ᾱ times the denoised point plus √(1-ᾱ) times the predicted noise, with √ᾱ and √(1-ᾱ) of
        t - 1.

        No new noise is added. This is DDIM sampling (Song et al., 2021): the same start gives the same end. DDPM
        sampling (Ho et al., 2020) adds some noise in each step."""),
    "sure": ("When is it decided?", """
        No noise is added, so the start alone decides the end. But the denoiser finds out late. The chart at the right
        shows the largest of the twelve weights. At t = 10 it is near 1/12 = 0.083, and every guess is near the middle
        of the face. At t = 5 no weight is above one half yet. At t = 1 each start has one above 0.7."""),
    "rows": ("Read a row from left to right", """
        t, the two factors, the position, the guess, the predicted noise, the twelve weights. The next row is one step
        later. At the right: the squared distances from which the weights come, the smallest of them, and the sum by
        which the weights are divided."""),
}  # fmt: skip

GUIDANCE = {
    "class": ("A denoiser for one class", """
        Softmax over the points of one class alone gives the conditional denoiser: it knows that the point is an eye.
        The other points get the weight 0.

        Softmax over all points is the unconditional denoiser. A network learns both at once, if the class is left out
        now and then in training."""),
    "scale": ("The guidance scale", """
        The guess is all + w · (class - all). With w = 0 it is the unconditional guess, with w = 1 the conditional
        one. With w above 1 it goes on in the same direction, beyond the conditional one: away from what all points
        have in common. This is classifier-free guidance (Ho and Salimans, 2022). They write 1 + w for this w."""),
    "try": ("What to try", """
        Class 1, w = 0: as on the sheet before. w = 1: all five end at an eye, at upper and lower points.

        w = 3: all five end at the upper point of an eye, away from the mouth. More of the class, less variety.
        That is what guidance costs.

        Class 2, w = 1 and w = 5: all five end at the mouth. With 5 some swing far below it first, through places
        where no point is."""),
    "rows": ("Read a row from left to right", """
        As on the sheet before, with two sets of weights: over all points, and within the class. Each gives a guess;
        "denoised" is what w makes of the two. The starts are those of the sheet before: change them there."""),
}  # fmt: skip
