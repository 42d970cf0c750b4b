"""pictures.py FOLDER: pictures as Pillow and tifffile write them, each FILE with what these read of it in
FILE.expected: a line "grey|rgb WIDTH HEIGHT FRAME", then float32 or bytes. Exit status 77 where they are not there."""
import struct
import sys

try:
    import numpy
    import tifffile
    from PIL import Image, ImageOps
except ImportError:
    sys.exit(77)

folder = sys.argv[1]
WIDTH, HEIGHT = 37, 23
random = numpy.random.default_rng(7)


def expect(name, values, frame=0):
    kind = "rgb" if values.ndim == 3 else "grey"
    with open(f"{folder}/{name}.{frame}.expected", "wb") as out:
        out.write(f"{kind} {values.shape[1]} {values.shape[0]} {frame}\n".encode())
        out.write(values.astype("<f4" if kind == "grey" else "u1").tobytes())


def noise(dtype, *shape):
    if dtype == bool:
        return random.integers(0, 2, shape).astype(bool)
    if numpy.issubdtype(dtype, numpy.floating):
        return random.normal(0, 300, shape).astype(dtype)
    limits = numpy.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def write_tiff(name, values, **options):
    tifffile.imwrite(f"{folder}/{name}", values, metadata=None, **options)
    assert numpy.array_equal(tifffile.imread(f"{folder}/{name}"), values), name


def tiffs_of_tifffile():
    types = [bool, "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
    layouts = {"strips": {"rowsperstrip": 5}, "strip": {}, "tiles": {"tile": (16, 32)}}
    for dtype in map(numpy.dtype, types):
        for order in "<>":
            for big in (False, True):
                for layout, options in layouts.items():
                    if dtype == bool and layout == "tiles":
                        continue  # which tifffile packs wrongly
                    name = f"{dtype}{'le' if order == '<' else 'be'}{'big' if big else ''}_{layout}.tif"
                    values = noise(dtype, HEIGHT, WIDTH)
                    write_tiff(name, values, byteorder=order, bigtiff=big, photometric="minisblack", **options)
                    expect(name, values * 255 if dtype == bool else values)
    for planar in ("contig", "separate"):
        for layout, options in layouts.items():
            for channels in (3, 4):
                for compression in (None, "zlib"):
                    shape = (HEIGHT, WIDTH, channels) if planar == "contig" else (channels, HEIGHT, WIDTH)
                    values = noise("u1", *shape)
                    name = f"{planar}_{layout}_{channels}{compression or ''}.tif"
                    write_tiff(name, values, photometric="rgb", planarconfig=planar, compression=compression,
                               extrasamples=["unassalpha"] if channels == 4 else None, **options)
                    expect(name, (values if planar == "contig" else numpy.moveaxis(values, 0, 2))[:, :, :3])
    pages = noise("u2", 3, HEIGHT, WIDTH)
    write_tiff("pages.tif", pages, photometric="minisblack")
    for frame in range(3):
        expect("pages.tif", pages[frame], frame)
    for layout, options in {"one": {"truncate": True}, "many": {}}.items():
        for dtype in ("u1", "u2", "f4"):
            stack = noise(dtype, 4, HEIGHT, WIDTH)
            name = f"imagej_{layout}_{dtype}.tif"
            tifffile.imwrite(f"{folder}/{name}", stack, imagej=True, metadata={"axes": "ZYX"}, **options)
            for frame in range(4):
                expect(name, stack[frame], frame)
    colours = noise("u1", 3, HEIGHT, WIDTH, 3)
    tifffile.imwrite(f"{folder}/imagej_rgb.tif", colours, imagej=True, truncate=True, metadata={"axes": "ZYXS"})
    ome = noise("u2", 5, HEIGHT, WIDTH)
    tifffile.imwrite(f"{folder}/stack.ome.tif", ome, metadata={"axes": "ZYX"}, photometric="minisblack")
    for frame in range(3):
        expect("imagej_rgb.tif", colours[frame], frame)
        expect("stack.ome.tif", ome[frame], frame)
    white = noise(bool, HEIGHT, WIDTH)
    write_tiff("white.tif", white, photometric="miniswhite")
    expect("white.tif", 255 - white * 255)
    wide = 257 * noise("u1", HEIGHT, WIDTH, 3).astype("u2")
    write_tiff("wide.tif", wide, photometric="rgb")
    expect("wide.tif", wide // 257)


def save(name, image, **options):
    """With what Pillow reads of it, colours without alpha."""
    image.save(f"{folder}/{name}", **options)
    shown(name)


def shown(name):
    with Image.open(f"{folder}/{name}") as read:
        grey = read.mode in ("L", "LA", "1", "I", "I;16", "I;16B", "F")
        if read.mode == "LA":
            values = numpy.asarray(read)[:, :, 0]
        elif grey:
            values = numpy.asarray(read) * (255 if read.mode == "1" else 1)
        else:
            values = numpy.asarray(read.convert("RGB"))
    expect(name, values)


def smooth(mode):
    """What a photograph is like, so that its JPEG is neither flat nor noise."""
    y, x = numpy.mgrid[0:HEIGHT * 4, 0:WIDTH * 4]
    waves = [127 + 120 * numpy.sin(x / (5 + 3 * i) + y / (9 - i)) for i in range(len(mode))]
    bands = [Image.fromarray(wave.astype("u1")) for wave in waves]
    return Image.merge(mode, bands) if len(bands) > 1 else bands[0]


def palette_image():
    image = Image.fromarray(noise("u1", HEIGHT, WIDTH) // 4).convert("P")
    image.putpalette(bytes(random.integers(0, 256, 768, "u1")))
    return image


def images_of_pillow():
    grey, colours = Image.fromarray(noise("u1", HEIGHT, WIDTH)), Image.fromarray(noise("u1", HEIGHT, WIDTH, 3))
    alpha = Image.fromarray(noise("u1", HEIGHT, WIDTH, 4))
    bits = Image.fromarray(noise(bool, HEIGHT, WIDTH))
    shorts = Image.fromarray(noise("u2", HEIGHT, WIDTH))
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"):
        for kind, image in {"1": bits, "L": grey, "RGB": colours, "RGBA": alpha, "P": palette_image(),
                            "I16": shorts}.items():
            save(f"{kind}_{compression}.tif", image, compression=compression)
    for mode in ("L", "RGB"):
        save(f"{mode}_jpeg.tif", smooth(mode), compression="jpeg", quality=90)
    for kind, image in {"1": bits, "L": grey, "LA": alpha.convert("LA"), "RGB": colours, "RGBA": alpha,
                        "P": palette_image(), "I16": shorts}.items():
        save(f"{kind}.png", image)
    for kind, image in {"1": bits, "L": grey, "RGB": colours, "RGBA": alpha, "P": palette_image()}.items():
        save(f"{kind}.bmp", image)


def jpegs():
    for progressive in (False, True):
        for mode in ("L", "RGB", "CMYK"):
            for subsampling in ((0, 1, 2) if mode == "RGB" else (0,)):
                save(f"{mode}_{subsampling}{progressive}.jpg", smooth(mode), quality=85, progressive=progressive,
                     subsampling=subsampling)
    with open(f"{folder}/CMYK_0False.jpg", "rb") as file:
        inks = file.read()
    adobe = inks.index(b"Adobe")
    for name, changed in {"YCCK": inks[:adobe + 11] + b"\2" + inks[adobe + 12:],  # the transform
                          "plain_CMYK": inks[:adobe - 4] + inks[adobe + 12:]}.items():
        with open(f"{folder}/{name}.jpg", "wb") as file:
            file.write(changed)
        shown(f"{name}.jpg")


def turned():
    """As Pillow turns them; what it reads of a TIFF it may have turned before."""
    image = smooth("RGB")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        for name, options in {"jpg": {"quality": 90, "exif": exif}, "png": {"exif": exif},
                              "tif": {"tiffinfo": {0x112: orientation}}}.items():
            path = f"{folder}/turned{orientation}.{name}"
            image.save(path, **options)
            with Image.open(path) as read:
                stored = Image.fromarray(tifffile.imread(path)) if name == "tif" else read
                stored.getexif()[0x112] = orientation
                expect(f"turned{orientation}.{name}", numpy.asarray(ImageOps.exif_transpose(stored)))


def bmps_of_sixteen_bits():
    values = noise("u2", 3, 6)  # of rows from the bottom
    for name, masks in {"555": b"", "565": struct.pack("<3I", 0xF800, 0x7E0, 0x1F)}.items():
        at = 54 + len(masks)
        header = struct.pack("<IiiHHIIiiII", 40, 6, 3, 1, 16, 3 if masks else 0, 36, 0, 0, 0, 0)
        with open(f"{folder}/{name}.bmp", "wb") as file:
            file.write(struct.pack("<2sIHHI", b"BM", at + 36, 0, 0, at) + header + masks + values.tobytes())
        shown(f"{name}.bmp")


tiffs_of_tifffile()
images_of_pillow()
jpegs()
turned()
bmps_of_sixteen_bits()
