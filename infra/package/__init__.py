"""One bundle a function, with nothing in it that the function cannot reach: zips for Lambda, folders for Google."""
