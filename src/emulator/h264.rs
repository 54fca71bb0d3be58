//! Just enough of H.264 to show one flat colour: a key frame of a few bits a macroblock, then frames that
//! repeat it. Baseline profile, CAVLC; clause numbers are those of ITU-T H.264.

/// A flat picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    /// Pixels; even.
    pub(super) width: u32,
    /// Pixels; even.
    pub(super) height: u32,
    /// Luma, blue difference, red difference.
    pub(super) colour: [u8; 3],
}

const MACROBLOCK: u32 = 16;

/// `frame_num` has 8 bits here, and starts again at 0 after 255.
const FRAME_NUM_BITS: u32 = 8;

impl Picture {
    fn columns(self) -> u32 {
        self.width.div_ceil(MACROBLOCK)
    }

    fn rows(self) -> u32 {
        self.height.div_ceil(MACROBLOCK)
    }

    /// The lowest level whose frame is large enough (table A-1).
    pub(super) fn level(self) -> u8 {
        match self.columns() * self.rows() {
            0..=1620 => 30,
            1621..=8192 => 40,
            8193..=36864 => 51,
            _ => 60,
        }
    }

    /// The sequence parameter set (7.3.2.1).
    pub(super) fn sequence_parameters(self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.put(66, 8).put(0b1100_0000, 8).put(u32::from(self.level()), 8);
        bits.ue(0).ue(FRAME_NUM_BITS - 4).ue(2).ue(1).put(0, 1);
        bits.ue(self.columns() - 1).ue(self.rows() - 1).put(1, 1).put(1, 1);
        let (right, bottom) = (self.columns() * MACROBLOCK - self.width, self.rows() * MACROBLOCK - self.height);
        if right + bottom > 0 {
            bits.put(1, 1).ue(0).ue(right / 2).ue(0).ue(bottom / 2);
        } else {
            bits.put(0, 1);
        }
        bits.put(0, 1);
        bits.into_unit(0x67)
    }

    /// The picture parameter set (7.3.2.2), with the deblocking filter under the slice's control.
    pub(super) fn picture_parameters() -> Vec<u8> {
        let mut bits = Bits::default();
        bits.ue(0).ue(0).put(0, 2).ue(0).ue(0).ue(0).put(0, 3).se0().se0().se0().put(0b100, 3);
        bits.into_unit(0x68)
    }

    /// The key frame: its first macroblock spells the colour out, all others predict it from a neighbour.
    pub(super) fn key_frame(self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.ue(0).ue(7).ue(0).put(0, FRAME_NUM_BITS).ue(0).put(0, 2).se0().ue(1);
        self.spell_out(&mut bits);
        for place in 1..self.columns() * self.rows() {
            // Intra 16×16, DC prediction, no coefficients; DC prediction of chroma; the same quantiser.
            bits.ue(3).ue(0).se0();
            self.no_coefficients(&mut bits, place);
        }
        bits.into_unit(0x65)
    }

    /// A frame that repeats the one before it. `number` counts from 1 after the key frame.
    pub(super) fn repeat_frame(self, number: u32) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.ue(0).ue(5).ue(0).put(number % (1 << FRAME_NUM_BITS), FRAME_NUM_BITS).put(0, 3).se0().ue(1);
        bits.ue(self.columns() * self.rows());
        bits.into_unit(0x41)
    }

    /// A macroblock of raw samples (`I_PCM`).
    fn spell_out(self, bits: &mut Bits) {
        bits.ue(25).align();
        for (sample, count) in self.colour.into_iter().zip([256, 64, 64]) {
            for _ in 0..count {
                bits.put(u32::from(sample), 8);
            }
        }
    }

    /// `coeff_token` for no coefficients (table 9-5). A raw neighbour counts as 16 coefficients (9.2.1), which
    /// only the macroblocks right of the first and below it see without a second neighbour to average with.
    fn no_coefficients(self, bits: &mut Bits, place: u32) {
        if place == 1 || place == self.columns() {
            bits.put(0b00_0011, 6);
        } else {
            bits.put(1, 1);
        }
    }
}

/// Bits, most significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    spare: u32,
}

impl Bits {
    fn put(&mut self, value: u32, mut count: u32) -> &mut Self {
        while count > 0 {
            if self.spare == 0 {
                self.bytes.push(0);
                self.spare = 8;
            }
            let taken = count.min(self.spare);
            count -= taken;
            self.spare -= taken;
            let piece = (value >> count & ((1 << taken) - 1)) << self.spare;
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::try_from(piece).unwrap_or(0);
            }
        }
        self
    }

    /// Exp-Golomb (9.1).
    fn ue(&mut self, value: u32) -> &mut Self {
        let length = (value + 1).ilog2();
        self.put(0, length).put(value + 1, length + 1)
    }

    /// A signed zero.
    fn se0(&mut self) -> &mut Self {
        self.ue(0)
    }

    fn align(&mut self) -> &mut Self {
        self.spare = 0;
        self
    }

    /// The trailing bit, then the bytes as a NAL unit without three-byte start codes inside (7.4.1).
    fn into_unit(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        let mut unit = vec![header];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_are_those_of_the_standard() {
        let mut bits = Bits::default();
        bits.ue(0).ue(1).ue(2).ue(3);
        // 1 010 011 00100
        assert_eq!(bits.bytes, [0b1010_0110, 0b0100_0000]);
    }

    #[test]
    fn no_start_code_hides_in_a_unit() {
        let mut bits = Bits::default();
        bits.put(0, 24).put(1, 8);
        assert_eq!(bits.into_unit(0x65), [0x65, 0, 0, 3, 0, 1, 0x80]);
    }

    #[test]
    fn a_4k_key_frame_stays_small() {
        let picture = Picture { width: 3840, height: 2160, colour: [100, 90, 160] };
        assert!(picture.key_frame().len() < 40_000);
        assert!(picture.repeat_frame(1).len() < 16);
    }
}
