"""The pet classifier as a web app: a page to upload a picture, a JSON answer, and a log of what was wrong.

`server` puts the app together, and is what `coursekit app` runs. A picture passes `guard` (the request's size, time and
number), then `uploads` (from bytes to a picture), then `batches` (many pictures, one forward pass); `corrections` keeps
those that were answered wrongly. `pages` is what browsers show, `problems` what is said to those who are refused, and
`limits` how much is allowed. Lesson 18 reads them.
"""
