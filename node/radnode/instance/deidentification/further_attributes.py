"""Attributes that table E.1-1 does not name, but that say who somebody is or hold what somebody has typed."""

from radnode.instance.deidentification.option_columns import tags

FURTHER_DEVICE_IDENTITY = tags("00181003 00181803 00440012")
FURTHER_DESCRIPTORS = tags(
    "00080418 0018991A 0022112C 00240044 00400255 00400400 00401060 0040A33A 0040A492 00420010 00440011 00440106"
    " 00540400 00660004 00700081 00741006 00741238 00820003 0082000A 01000424 30020004 30040006 300600C8 30080066"
    " 30080202 300A0402"
)
"""Comments, titles and the like: cleaned as descriptors are."""

FURTHER: dict[int, str] = {
    # who made or owns it, where a traveller goes, objects of the trial supplements
    **dict.fromkeys(
        tags("00140100 00880130 21000160 0040A074 0040A089 40101007 4010101A 4010101E 4010101F 4010102A"), "X"
    ),
    **dict.fromkeys(tags("40101051 40101052 40101053 40101054 40101055 40101058"), "X"),
    # birth and death in another calendar; issuers and registers; numbers of orders and documents; contacts
    **dict.fromkeys(tags("00100033 00100034 00100035 00100024 00080051 00400026 00400027 00102295"), "X"),
    **dict.fromkeys(tags("00401006 00401007 00402006 00402007 0040A992 0040E001 0074100C"), "X"),
    **dict.fromkeys(FURTHER_DEVICE_IDENTITY | FURTHER_DESCRIPTORS, "X"),
    **dict.fromkeys(tags("00420010 00700081"), "Z"),  # document title, content description: type 2
    **dict.fromkeys(tags("00400031 00400032 0072006F"), "D"),  # who has assigned an identifier; a display's wish
}
"""Tag -> action code, as in the table."""
