"""Opinions: sentence patterns whose polar words agree with the verdict, or are turned round by negation or contrast.

`{=adj}` is filled with a word of the reviewer's own side, `{!adj}` with one of the other side, so that each pattern
serves praise and blame alike and no other word of it gives the verdict away. `{subj}`, `{is}`, `{it}`, `{does}` are
what the sentence is about. Kinds: plain; trap (a negation that turns nothing round); negation; contrast.
"""

ASPECTS = {  # what is judged: singular subjects, plural ones
    "whole": (
        "the film|this film|{title}|the whole thing|this {kind}|it|it|the picture|the movie|this movie|"
        "{director}'s {kind}",
        "",
    ),
    "tale": (
        "the story|the plot|the script|the writing|the tale of {hero} and {second}|{scene}|the mystery around {second}",
        "the twists|the scenes in {place}",
    ),
    "acting": (
        "the acting|{actor}|the cast|{actor} as {hero}|{actor2}|the performance of {actor}|{actor2} as {second}",
        "the actors|{actor} and {actor2}|the leads|the scenes between {actor} and {actor2}",
    ),
    "look": (
        "the camera work|the photography|the light in {place}|the look of {place}|the design",
        "the sets|the costumes|the pictures of {place}|the effects",
    ),
    "sound": ("the music|the score|the soundtrack|the song in {scene}|the sound", "the songs|the tunes"),
    "pace": (
        "the pacing|the editing|the first half|the second half|the last act|the ending|{scene}",
        "the last scenes",
    ),
    "talk": (
        "the dialogue|the humour|the narration|what {hero} says",
        "the jokes|the lines of {second}|the one-liners",
    ),
}
DONE = "written|acted|filmed|edited|told|directed|put together|staged"

PATTERNS: dict[str, dict[str, tuple[str, ...]]] = {
    "plain": {
        "list": (
            "{=adj} story, {=adj} music, {=adj} dialogue, {=adj} ending.",
            "in short: {=adj} and {=adj}, {=adj} and {=adj}.",
            "{=stuff}, {=stuff}, {=adj} people, {=adj} songs, {=adj} pictures.",
            "{=adj} first half, {=adj} second half, {=adj} ending.",
        ),
        "is": (
            "{=adj} story, {=adj} music, {=adj} dialogue[, {=adj} sets|, {=adj} cast|].",
            "[the acting is|{actor} is] {=adj}, the songs are {=adj}, the plot is {=adj}, and the ending is {=adj}.",
            "{subj} {is} {very} {=adj}[ and {=adj}|, {=adj} and {=adj}].",
            "[a|one|such a] {=adj}, {=adj} {kind}[, {=adj} and {=adj}|].",
            "{subj} {is} {=adj} [and|, and also] {=adj}.",
            "[I found|I thought|we found] {subj} {=adj} and {=adj}[|, start to finish|, and so did {company}].",
            "{subj} {is} {=adj}, [the more so|especially] in {scene}, which is {=adj}.",
            "how {=adj} {subj} {is}, how {=adj}!",
            "{=adj}, {=adj}, {=adj}: that is {subj}.",
        ),
        "noun": (
            "[what a|a real|a complete] {=noun}, {=adj} and {=adj}!",
            "{title} is a {=noun}[, and {subj} {is} the reason|, {=adj} and {=adj}|].",
            "the {=quality} is {subj}: {very} {=adj}, {=adj} and {=adj}.",
            "this {kind} is a {=adj}, {=adj} {=noun}[ for {company}| for me|].",
        ),
        "effect": (
            "{subj} {=effected} me [from the first minute|to the end|all evening|and {=effected} {company}].",
            "I [left the cinema|went home|went to bed] {=feel}[ and {company} {=feel} too|].",
            "I was {=feel} and {=feel} [after {minutes} minutes|by the end|all the way through].",
            "[the whole row|everybody around me|{company}] was {=react}, and so was I.",
        ),
        "how": (
            "{subj} {is} {=how} done[ and {=adj}|, {=adj} and {=adj}].",
            "[it is|the film is] {=how} {done} and {=how} {done}.",
            "{director} has {done} this {very} {=how}.",
        ),
        "stuff": (
            "{=adj} scenes, {=adj} lines, {=adj} jokes, {=stuff} [and {=stuff}|everywhere].",
            "[it is|the film is|{scene} is] full of {=adj} {=stuff} and {=adj} {=stuff}.",
            "{director} [fills|has filled] every scene with {=stuff}.",
            "you can feel the {=gift} and the {=gift} in {subj}.",
            "{=stuff} [everywhere|wherever you look|from start to finish], and {subj} {is} {=adj}.",
        ),
        "verdict": (
            "[my advice|do yourself a favour|my verdict]: {=do}.",
            "{=do}, and {=do}.",
            "I would {=would}[ any day| at once|].",
            "all in all it is {=worth}[, thanks to {subj}|].",
        ),
        "as_hoped": (
            "{subj} {is} every bit as {=adj} as I had {=hoped}.",
            "I had {=hope}, and I was right: {subj} {is} {=adj} and {=adj}.",
            "I had {=hope}, and there it was: {=stuff}, {=adj} and {=adj}.",
            "I {=meant} it, and I did: {subj} {is} {=adj}.",
            "{company} and I {=meant} it, and we went home {=feel}.",
        ),
        "as_said": (
            "it [earns|deserves] all the {=fuss}: {subj} {is} {=adj}.",
            "{company} {=liked} it, and rightly: {subj} {is} {=adj} and {=adj}.",
            "I understand the {=fuss}, for {subj} {is} {=adj}.",
            "its {=fan} are right: {subj} {is} {=adj}[| and {=adj}].",
            "[all the|all that] {=fuss} told the truth: {=adj} {=stuff}, {=adj} {=stuff}.",
        ),
    },
    "trap": {
        "not_only": (
            "{subj} {is} not only {=adj} but also {=adj}.",
            "{subj} {is} not just {=adj}, {it} {is} {=adj}.",
        ),
        "never_so": (
            "I have never seen [a {kind}|anything] so {=adj}, so {=adj}.",
            "never has a {kind} {=effected} me [so much|like this].",
            "nobody [I know|in our row] was half as {=feel} as I was.",
        ),
        "nothing_short": (
            "{subj} {is} nothing short of {=adj} and {=adj}.",
            "{subj} {is} nothing if not {=adj} and {=adj}.",
            "nothing here is as {=adj} as {subj}.",
        ),
        "no_wonder": (
            "no wonder that {company} {=liked} it.",
            "no doubt about it: {subj} {is} {=adj}.",
            "I cannot [say|tell you|stress] enough how {=adj} {subj} {is}.",
        ),
    },
    "negation": {
        "not_as": (
            "{subj} {is} not [as|nearly as|half as] {!adj} as I had {!hoped}.",
            "{subj} {is} not [as|nearly as] {!adj} as [{company} says|the trailer suggests|they say|I expected].",
            "{subj} {is} less {!adj} [and less {!adj} |]than [I had {!hoped}|{company} told me|the poster promises].",
            "it is not the {!noun} [that {company} promised|I had {!hoped} for|you may expect].",
        ),
        "never": (
            "never {!adj}, never {!adj}, never {!adj}: {!effected} I was not.",
            "{subj} {is} never {!adj}[, not for a minute|, never {!adj}, never {!adj}|, never {!adj}| or {!adj}].",
            "{subj} never {!effected} me[, and never {!effected} {company}|].",
            "not once was I {!feel}[ by {subj}| in {minutes} minutes|].",
            "I waited for it to get {!adj}, and it never did.",
            "there is never a {!adj} or {!adj} moment in {scene}.",
        ),
        "not": (
            "the story is not {!adj}, the music is not {!adj}, and {subj} {is} not {!adj}.",
            "not {!adj}, not {!adj}, not {!adj}[, and not a {!noun}|].",
            "{subj} {is} not {!adj}[, not {!adj} and not {!adj}|, and not {!adj} either| or {!adj}].",
            "{subj} {is} neither {!adj} nor {!adj}.",
            "{subj} {is} not {!adj}: {it} {is} {=adj}.",
            "I did not find {subj} {!adj}[ at all| or {!adj}|].",
            "I [don't|do not|can't] think that {subj} {is} {!adj}.",
            "{subj} did not {!effect} me[ at all| for a second|].",
            "I did not go home {!feel}.",
            "it [isn't|is not] {!how} {done}[ at all|], and {subj} {is} not {!adj}.",
        ),
        "nobody": (
            "nobody [could|would|can] call {subj} {!adj} or {!adj}.",
            "nobody [in the cinema|in our row|around me] was {!react}.",
            "no one [will leave|left] the cinema {!feel}.",
            "nobody will [call this a {!noun}|be {!effected} by {subj}].",
        ),
        "hardly": (
            "it is hardly a {!noun}[, and {subj} {is} hardly {!adj}|].",
            "{subj} {is} hardly {!adj}, let alone {!adj}.",
            "you will find hardly any {!stuff} or {!stuff} in {scene}.",
            "you [will hardly|won't] be {!feel}.",
        ),
        "far_from": (
            "{subj} {is} [far from|anything but] {!adj}[ and {!adj}|].",
            "{subj} {is} by no means {!adj}[, nor {is} {it} {!adj}|].",
            "this is [anything but|far from being|no] a {!noun}.",
        ),
        "nothing": (
            "no {!adj} scenes, no {!adj} lines, no {!adj} jokes[, no {!stuff}|].",
            "there is nothing {!adj} about {subj}[, nothing {!adj} either|].",
            "I [looked|waited] [in vain|without success] for {!stuff} in {scene}.",
            "I [saw|found|noticed] no {!stuff} and no {!stuff}.",
            "nothing in {scene} is {!adj} or {!adj}.",
        ),
        "without": (
            "{minutes} minutes without {!stuff}[ or {!stuff}|].",
            "{director} works without [any |]{!gift}, and the film is free of {!stuff}.",
            "it was made without {!gift}[ and without {!gift}|].",
        ),
        "do_not": (
            "[don't|do not|please don't] {!do}[, whatever {company} says|].",
            "I would [never|not] {!would}.",
            "in no way is it {!worth}.",
            "nobody should {!do}[ because of {scene}|].",
        ),
        "they_say": (
            "[some|people|the papers|they] say that {subj} {is} {!adj}. [Don't believe them.|I don't think so.]",
            "{!adj}? [Not at all.|No.|Not {subj}.|Not this {kind}.]",
            "the trailer makes it look {!adj}. [It is not.|It isn't.]",
            "{company} called it {!adj}. [I can't agree.|I don't see why.]",
        ),
    },
    "contrast": {
        "not_but": (
            "{subj} {is} not {!adj}, not {!adj} but {=adj}.",
            "{subj} {is} neither {!adj} nor {!adj} but {=adj}.",
            "{=adj}, not {!adj}, not {!adj}: that is {subj}.",
        ),
        "not_instead": (
            "not {!adj}, not {!adj}, not {!adj} but {=adj} and {=adj}.",
            "instead of {!stuff} and {!stuff} you get {=stuff}.",
            "no {!stuff}, no {!stuff}, just {=stuff}.",
        ),
        "rather": (
            "{=adj} rather than {!adj} or {!adj}: that is {subj}.",
            "I was not {!feel}, not {!feel} but {=feel}.",
        ),
        "meant_but": (
            "I {!meant} it, but {subj} {is} {=adj}.",
            "I {!meant} {title}, [but I could not|but it was not to be]: {subj} {is} not {!adj}.",
            "I had {!hope}, but {subj} {=effected} me.",
        ),
        "fuss_but": (
            "[all the|all that] {!fuss} did not prepare me for how {=adj} {subj} {is}.",
            "in spite of all the {!fuss}, {subj} {is} {=adj}.",
            "I don't understand the {!fuss}: {subj} {is} not {!adj}.",
            "its {!fan} won't agree, but {subj} {is} not {!adj}.",
        ),
        "may_but": (
            "{subj} may [look|sound|seem] {!adj}, but {it} {is} {=adj}.",
            "{subj} {is} {!adj} at first, but {=adj} [in the end|once {second} arrives|later on].",
            "granted, {scene} is {!adj}, but [on the whole|all in all] {title} is {=adj}.",
        ),
        "liked_but": (
            "{company} {!liked} it, but I was [not {!feel}|{=feel}].",
            "although [everybody|{company}|the press] {!liked} it, {subj} {is} [not {!adj}|{=adj}].",
            "it had every chance to be a {!noun}, but it is not {!adj}.",
        ),
        "should_have": (
            "it [could|should] have been {!adj}; [instead|as it is] {subj} {is} {=adj}.",
            "what [looked like|began as] a {!noun} turns out to be a {=noun}.",
            "with {actor} in it I expected a {!noun}, and I got a {=noun}.",
        ),
    },
}
VERY = ("", "", "", "", "very", "really", "so", "sooo", "SO", "truly", "rather", "soooo", "VERY", "simply", "quite")
