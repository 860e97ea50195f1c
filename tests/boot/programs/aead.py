# SPDX-License-Identifier: GPL-2.0-or-later
"""AES-GCM and ChaCha20-Poly1305 of libcrypto on published vectors: NIST's GCM specification, test
cases 4 and 16, and RFC 8439, 2.8.2. Prints "aead ok"; an AssertionError otherwise."""
import ctypes

crypto = ctypes.CDLL("libcrypto.so.3")
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_256_gcm", "EVP_chacha20_poly1305"):
    getattr(crypto, name).restype = ctypes.c_void_p
SET_IVLEN, GET_TAG, SET_TAG = 9, 16, 17

GCM_TEXT = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                         "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
GCM_IV = bytes.fromhex("cafebabefacedbaddecaf888")
GCM_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")
GCM_AAD = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
VECTORS = [
    (crypto.EVP_aes_128_gcm, GCM_KEY, GCM_IV, GCM_AAD, GCM_TEXT,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"),
    (crypto.EVP_aes_256_gcm, GCM_KEY * 2, GCM_IV, GCM_AAD, GCM_TEXT,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"),
    (crypto.EVP_chacha20_poly1305, bytes(range(0x80, 0xa0)),
     bytes.fromhex("070000004041424344454647"), bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
     b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
     b"sunscreen would be it.",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
     "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116", "1ae10b594f09e26a7e902ecbd0600691"),
]


def run(cipher, key, iv, aad, text, tag, encrypt):
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, n = ctypes.create_string_buffer(len(text) + 16), ctypes.c_int()
    assert crypto.EVP_CipherInit_ex(context, ctypes.c_void_p(cipher()), None, None, None, encrypt)
    assert crypto.EVP_CIPHER_CTX_ctrl(context, SET_IVLEN, len(iv), None)
    assert crypto.EVP_CipherInit_ex(context, None, None, key, iv, encrypt)
    assert crypto.EVP_CipherUpdate(context, None, ctypes.byref(n), aad, len(aad))
    assert crypto.EVP_CipherUpdate(context, out, ctypes.byref(n), text, len(text))
    if not encrypt:
        assert crypto.EVP_CIPHER_CTX_ctrl(context, SET_TAG, 16, ctypes.create_string_buffer(tag, 16))
    good = crypto.EVP_CipherFinal_ex(context, out, ctypes.byref(n))
    if encrypt:
        found = ctypes.create_string_buffer(16)
        assert crypto.EVP_CIPHER_CTX_ctrl(context, GET_TAG, 16, found)
        tag = found.raw
    return good, out.raw[:len(text)], tag


for cipher, key, iv, aad, text, wanted, tag in VECTORS:
    wanted, tag = bytes.fromhex(wanted), bytes.fromhex(tag)
    good, secret, found = run(cipher, key, iv, aad, text, None, 1)
    assert good and secret == wanted and found == tag, (secret.hex(), found.hex())
    good, plain, _ = run(cipher, key, iv, aad, secret, tag, 0)
    assert good and plain == text
    good, _, _ = run(cipher, key, iv, aad, secret, bytes(16), 0)
    assert not good, "a wrong tag was accepted"
    # Long enough for the implementations that take many blocks at a time.
    good, long_secret, long_tag = run(cipher, key, iv, aad, text * 500, None, 1)
    good, plain, _ = run(cipher, key, iv, aad, long_secret, long_tag, 0)
    assert good and plain == text * 500
print("aead ok")
