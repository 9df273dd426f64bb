"""Attributes that table E.1-1 does not name, but that say who somebody is or hold what somebody has typed."""

from radnode.instance.deidentification.option_columns import tags

FURTHER_DEVICE_IDENTITY = tags("00181003 00181803 00440012")
FURTHER_DESCRIPTORS = tags(
    "00240044 00400255 00400400 00401060 00420010 00660004 00700081 00741238 01000424 30020004 30080202 300A0402"
)
"""Comments, titles and the like: cleaned as descriptors are."""

FURTHER: dict[int, str] = {
    # birth and death in another calendar; issuers and registers; numbers of orders and documents; contacts
    **dict.fromkeys(tags("00100033 00100034 00100035 00100024 00080051 00400026 00400027 00102295"), "X"),
    **dict.fromkeys(tags("00401006 00401007 00402006 00402007 0040A992 0040E001 0074100C"), "X"),
    **dict.fromkeys(FURTHER_DEVICE_IDENTITY | FURTHER_DESCRIPTORS, "X"),
    **dict.fromkeys(tags("00420010 00700081"), "Z"),  # document title, content description: type 2
    **dict.fromkeys(tags("00400031 00400032 0072006F"), "D"),  # who has assigned an identifier; a display's wish
}
"""Tag -> action code, as in the table."""
