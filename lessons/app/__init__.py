"""The pet classifier, or any other learner, as a web app: a page to ask, a JSON answer, and a log of what was wrong.

`server` puts the app together, and is what `coursekit app` runs. A picture passes `connections` (headers that come in
time), `guard` (the request's size, time and number, and the page that sent it), `uploads` (from bytes to a picture),
then `batches` (many pictures, one forward pass). `answers` knows what a model is asked, and tells what it said;
`corrections` keeps pictures whose class was wrong. `pages` is what browsers show, `problems` what is said to those who
are refused, `limits` how much is allowed. Lesson 18 reads them.
"""
