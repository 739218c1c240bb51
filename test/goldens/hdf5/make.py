"""Makes the HDF5 files of this folder with h5py: what Keras never writes, or must not be read. Run it in this folder."""
import h5py
import ml_dtypes
import numpy as np

with h5py.File("types.h5", "w") as f:
    kinds = dict(f16="f2", f32="f4", f64="f8", i8="i1", u8="u1", i16="i2", u16="u2", i32="i4", u32="u4", i64="i8", u64="u8", bool=bool)
    for name, kind in kinds.items():
        f[name] = (np.arange(6) % 5).astype(kind).reshape(2, 3)
    bf16 = f.create_dataset("bf16", data=np.arange(6).astype(ml_dtypes.bfloat16).reshape(2, 3))
    bf16.attrs["dtype"] = "bfloat16"
    f["scalar"] = np.float32(3.5)
    f["empty"] = np.zeros((0, 3), "f4")
    f.create_dataset("compact", data=np.arange(4, dtype="f4"))
    f["linked-again"] = f["f32"]
    f.attrs.update({"text": "héllo", "texts": ["a", "", "xyz"], "fixed": np.array([b"ab", b"c"]), "int": 7, "floats": np.arange(3.0), "none": h5py.Empty("f4"), "true": True})

with h5py.File("chunked.h5", "w") as f:
    data = np.arange(35, dtype="f4").reshape(5, 7)
    f.create_dataset("all", data=data, chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("plain", data=data, chunks=(2, 3))
    f.create_dataset("cube", data=np.arange(60, dtype="i2").reshape(3, 4, 5), chunks=(2, 2, 2), compression="gzip")

with h5py.File("small.h5", "w") as f:
    group = f.create_group("layers/dense/vars")
    group.attrs["name"] = "dense"
    group["0"] = np.arange(6, dtype="f4").reshape(2, 3)

def make(name, build, **options):
    with h5py.File(name, "w", **options) as f:
        build(f)

def links(f):
    f.create_group("layers/dense/vars")

def soft(f):
    links(f)
    f["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense/vars/0")

def external(f):
    links(f)
    f["layers/dense/vars/0"] = h5py.ExternalLink("/etc/hostname", "/x")

def cycle(f):
    links(f)
    f["layers/dense/vars/again"] = f["layers"]

def virtual(f):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
    f.create_virtual_dataset("vars/0", layout)

make("soft-link.h5", soft)
make("external-link.h5", external)
make("cycle.h5", cycle)
make("virtual.h5", virtual, libver="latest")
make("external-storage.h5", lambda f: f.create_dataset("vars/0", shape=(4,), dtype="f4", external=[("/etc/hostname", 0, 16)]))
make("bomb-chunked.h5", lambda f: f.create_dataset("vars/0", shape=(2**60,), dtype="f4", chunks=(1024,), compression="gzip"))
make("bomb-contiguous.h5", lambda f: f.create_dataset("vars/0", shape=(2**40,), dtype="f4"))
make("bomb-chunk.h5", lambda f: f.create_dataset("vars/0", shape=(8,), maxshape=(None,), dtype="f4", chunks=(2**29,), compression="gzip"))
make("big-endian.h5", lambda f: f.create_dataset("vars/0", data=np.arange(4, dtype=">f4")))
make("texts.h5", lambda f: f.create_dataset("vars/0", data=["a", "b"]))
make("compound.h5", lambda f: f.create_dataset("vars/0", data=np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])))
make("lzf.h5", lambda f: f.create_dataset("vars/0", data=np.arange(64.0), compression="lzf"))
make("dense.h5", lambda f: [f.create_group(str(i)) for i in range(20)], libver="latest")
