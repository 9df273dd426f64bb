"""What the node was told and still has to do: kept in one SQLite file of its own, beside the index.

The index can be made again from the images; what stands here cannot. So each commit is on the disk before anybody hears
of it.
"""
