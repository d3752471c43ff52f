"""The first stage: takes hits in and puts them on the stream."""
