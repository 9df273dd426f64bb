"""Lossless and 12-bit JPEG by GDCM, whose Python face gives samples as a text only.

To make that text and bytes of it takes as long as to decode. So GDCM writes the decoded samples into a file, which lies
in memory, and they are read from there.
"""

import os

import gdcm
import numpy as np

from radnode.instance.decoding.codestream import Codestream, Process

_PIXEL_DATA = (0x7FE0, 0x0010)
_COPIES = 3
"""Times that GDCM holds the samples, at most."""
_PLAIN = gdcm.TransferSyntax.ImplicitVRLittleEndian


def decode_by_gdcm(data: bytes, codestream: Codestream) -> bytes:
    """The samples by pixel, unsigned, a byte each, or two (little endian) where the precision is more than 8 bits.

    Raises ValueError where the codestream is damaged, OSError, and MemoryError.
    """
    size = codestream.rows * codestream.columns * codestream.components * (1 if codestream.precision <= 8 else 2)
    np.empty(_COPIES * size, np.uint8)  # MemoryError here; where GDCM finds none left, the process ends
    holder = gdcm.ImageReader()  # of an image that is counted: one made here GDCM and Python would both free
    _describe(holder.GetImage(), data, codestream)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(_PLAIN))
    change.SetInput(holder.GetImage())
    if not change.Change():
        raise ValueError("GDCM did not decode it")
    return _written(change.GetOutput().GetDataElement(), size)


def _describe(image: gdcm.Image, data: bytes, codestream: Codestream) -> None:
    """Have the image be what GDCM has to know of a codestream in order to decode it."""
    bits = codestream.precision
    grey, lossless = codestream.components == 1, codestream.process is Process.LOSSLESS
    colour = gdcm.PhotometricInterpretation.MONOCHROME2 if grey else gdcm.PhotometricInterpretation.RGB
    syntax = gdcm.TransferSyntax.JPEGLosslessProcess14 if lossless else gdcm.TransferSyntax.JPEGExtendedProcess2_4
    image.SetNumberOfDimensions(2)
    image.SetDimensions((codestream.columns, codestream.rows, 1))
    image.SetDataElement(_encapsulated(data))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(colour))
    if not grey:
        image.SetPlanarConfiguration(0)
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(codestream.components, 8 if bits <= 8 else 16, bits, bits - 1, 0))


def _encapsulated(data: bytes) -> gdcm.DataElement:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(*_PIXEL_DATA))
    element.SetValue(fragments.__ref__())
    return element


def _written(element: gdcm.DataElement, size: int) -> bytes:
    """The first `size` bytes of an element's value, which stands alone in the file that GDCM writes, so at its end."""
    writer = gdcm.Writer()
    writer.SetCheckFileMetaInformation(False)  # else it asks for what a whole object has
    content = writer.GetFile()
    content.GetHeader().SetDataSetTransferSyntax(gdcm.TransferSyntax(_PLAIN))
    content.GetDataSet().Insert(element)
    file = os.memfd_create("samples")
    try:
        writer.SetFileName(f"/proc/self/fd/{file}")
        padded = size + size % 2
        if not writer.Write() or (offset := os.fstat(file).st_size - padded) < 0:
            raise ValueError("GDCM did not decode it")
        return os.pread(file, size, offset)
    finally:
        os.close(file)
