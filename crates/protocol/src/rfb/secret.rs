//! Proof of a password by the challenge of VNC Authentication (RFC 6143, section 7.2.2).

use des::{
    Des,
    cipher::{Array, BlockCipherEncrypt, KeyInit},
};

/// Bytes of a password that count here; whatever follows them is as good as absent.
pub const PASSWORD_BYTES: usize = 8;

/// What a viewer who knows `password` answers to `challenge`. Compare it in constant time.
pub fn vnc_response(password: &[u8], challenge: [u8; 16]) -> [u8; 16] {
    let mut key = [0; PASSWORD_BYTES];
    for (key, byte) in key.iter_mut().zip(password) {
        // The first implementation took the bits of each byte in the wrong order, and so does everybody since.
        *key = byte.reverse_bits();
    }
    let cipher = Des::new(&Array::from(key));
    let mut response = challenge;
    for block in response.chunks_exact_mut(8) {
        let mut bytes = Array::from([0; 8]);
        bytes.copy_from_slice(block);
        cipher.encrypt_block(&mut bytes);
        block.copy_from_slice(&bytes);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_eight_bytes_count() {
        let challenge = [7; 16];
        let response = vnc_response(b"password", challenge);
        assert_eq!(vnc_response(b"password and more", challenge), response);
        assert_ne!(vnc_response(b"passwore", challenge), response);
        assert_ne!(vnc_response(b"", challenge), response);
    }

    /// The example of FIPS 81 with the key's bytes turned round, as a viewer would.
    #[test]
    fn the_cipher_is_des_with_the_bits_of_the_key_turned() {
        let key = 0x0123_4567_89ab_cdef_u64.to_be_bytes().map(u8::reverse_bits);
        let mut challenge = [0; 16];
        challenge[..8].copy_from_slice(b"Now is t");
        challenge[8..].copy_from_slice(b"he time ");
        let response = vnc_response(&key, challenge);
        assert_eq!(response[..8], 0x3fa4_0e8a_984d_4815_u64.to_be_bytes());
        assert_eq!(response[8..], 0x6a27_1787_ab88_83f9_u64.to_be_bytes());
    }
}
