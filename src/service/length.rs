//! The playing time of a recording, as its container states it: MP4 and related formats (`mvhd`), WAV, and MP3 with a
//! Xing header. Pure. Nothing is estimated: a container without an exact length has an unknown length.

use std::time::Duration;

/// A part of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// Their offset in the file, bytes.
    pub(super) at: u64,
    /// The size of the whole file, bytes, if known.
    pub(super) total: Option<u64>,
}

/// What a part shows about the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The playing time.
    Known(Duration),
    /// The header with the length begins at this byte of the file.
    At(u64),
    /// The file ends before the end that it declares.
    Cut,
    /// The length is not stated, or not in a format that this module reads.
    Unknown,
}

/// Reads a part that begins at the start of the file, or at the byte of an earlier [`Reading::At`].
pub(super) fn read(part: Part<'_>) -> Reading {
    let bytes = part.bytes;
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        return wav(part);
    }
    if bytes.get(4..8).is_some_and(|kind| TOP_BOXES.iter().any(|known| *known == kind)) {
        return mp4(part);
    }
    mp3(part).unwrap_or(Reading::Unknown)
}

/// The boxes that an MP4 or a related file may begin with, or hold around its media.
const TOP_BOXES: [&[u8; 4]; 8] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"styp"];

/// The boxes of a file up to `moov`, which holds the length.
fn mp4(part: Part<'_>) -> Reading {
    let mut at = 0;
    loop {
        if part.total.is_some_and(|total| part.at.saturating_add(at) >= total) {
            return Reading::Cut;
        }
        let rest = usize::try_from(at).ok().and_then(|at| part.bytes.get(at..)).unwrap_or_default();
        let Some(found) = mp4_box(rest) else {
            return if at == 0 { Reading::Unknown } else { Reading::At(part.at.saturating_add(at)) };
        };
        if found.kind == b"moov" {
            return mvhd(found.body).unwrap_or(Reading::Unknown);
        }
        let Some(size) = found.size else { return Reading::Unknown };
        at = at.saturating_add(size);
        if part.total.is_some_and(|total| part.at.saturating_add(at) > total) {
            return Reading::Cut;
        }
    }
}

/// A box: its size including its header (`None`: up to the end of the file), its type, and the bytes of it that are present.
struct Mp4Box<'a> {
    size: Option<u64>,
    kind: &'a [u8],
    body: &'a [u8],
}

fn mp4_box(bytes: &[u8]) -> Option<Mp4Box<'_>> {
    let kind = bytes.get(4..8)?;
    let (size, head) = match be32(bytes, 0)? {
        0 => (None, 8),
        1 => (Some(be64(bytes, 8)?), 16),
        size => (Some(u64::from(size)), 8),
    };
    let is_whole = size.is_none_or(|size| size >= head);
    let body = bytes.get(usize::try_from(head).ok()?..)?;
    is_whole.then_some(Mp4Box { size, kind, body })
}

/// The movie header, among the boxes of `moov`.
fn mvhd(mut moov: &[u8]) -> Option<Reading> {
    loop {
        let found = mp4_box(moov)?;
        if found.kind != b"mvhd" {
            moov = moov.get(usize::try_from(found.size?).ok()?..)?;
            continue;
        }
        let (scale, units, none) = match found.body.first()? {
            0 => (be32(found.body, 12)?, u64::from(be32(found.body, 16)?), u64::from(u32::MAX)),
            _ => (be32(found.body, 20)?, be64(found.body, 24)?, u64::MAX),
        };
        // A fragmented file has 0 here; all ones mean an unknown duration.
        return (units != 0 && units != none).then(|| time(units, u64::from(scale))).flatten();
    }
}

/// The chunks of a WAV file up to its samples.
fn wav(part: Part<'_>) -> Reading {
    let (mut at, mut rate) = (12, None);
    loop {
        let rest = usize::try_from(at).ok().and_then(|at| part.bytes.get(at..)).unwrap_or_default();
        let (Some(kind), Some(size)) = (rest.get(..4), le32(rest, 4)) else { return Reading::Unknown };
        let samples = at + 8;
        let after = samples + u64::from(size);
        if kind == b"fmt " {
            rate = le32(rest, 16);
        }
        if kind == b"data" {
            let rest_of_file = part.total.and_then(|total| total.checked_sub(samples));
            // A program that writes to a pipe does not know the size yet.
            let is_open = size == 0 || size == u32::MAX;
            return match (rate, rest_of_file) {
                (Some(rate), Some(size)) if is_open => time(size, u64::from(rate)).unwrap_or(Reading::Unknown),
                (_, Some(there)) if !is_open && there < u64::from(size) => Reading::Cut,
                (Some(rate), _) if !is_open => time(u64::from(size), u64::from(rate)).unwrap_or(Reading::Unknown),
                _ => Reading::Unknown,
            };
        }
        at = after + u64::from(size % 2);
    }
}

/// The first frame of an MP3, if it holds the number of frames.
fn mp3(part: Part<'_>) -> Option<Reading> {
    const RATES: [u32; 3] = [44_100, 48_000, 32_000];
    let tag = id3(part.bytes).unwrap_or(0);
    let Some(frame) = usize::try_from(tag).ok().and_then(|tag| part.bytes.get(tag..)).filter(|frame| frame.len() >= 4) else {
        return (tag > 0).then(|| Reading::At(part.at.saturating_add(tag)));
    };
    let head = be32(frame, 0)?;
    let is_layer_3 = head >> 21 == 0x7ff && head >> 17 & 3 == 1;
    let (halvings, is_mono) = (
        match head >> 19 & 3 {
            3 => 0,
            2 => 1,
            0 => 2,
            _ => return None,
        },
        head >> 6 & 3 == 3,
    );
    let rate = RATES.get(usize::try_from(head >> 10 & 3).ok()?)? >> halvings;
    let (samples, side) = match (halvings, is_mono) {
        (0, false) => (1152, 32),
        (0, true) => (1152, 17),
        (_, false) => (576, 17),
        (_, true) => (576, 9),
    };
    let count = frame.get(4 + side..)?;
    let counts = is_layer_3 && (count.starts_with(b"Xing") || count.starts_with(b"Info")) && be32(count, 4)? & 1 == 1;
    let frames = counts.then(|| be32(count, 8)).flatten().filter(|frames| *frames > 0)?;
    time(u64::from(frames) * samples, u64::from(rate))
}

/// The size of the tag before the sound, bytes.
fn id3(bytes: &[u8]) -> Option<u64> {
    let head = bytes.get(..10).filter(|head| head.starts_with(b"ID3"))?;
    let size = head[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
    let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
}

fn time(units: u64, per_second: u64) -> Option<Reading> {
    let nanos = (u128::from(units) * 1_000_000_000).checked_div(u128::from(per_second))?;
    u64::try_from(nanos).ok().map(|nanos| Reading::Known(Duration::from_nanos(nanos)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&size, kind, body].concat()
    }

    /// `moov` of a movie of this many milliseconds.
    fn moov(millis: u32) -> Vec<u8> {
        let numbers = [0, 0, 0, 1000, millis].map(u32::to_be_bytes).concat();
        boxed(b"moov", &boxed(b"mvhd", &[numbers, vec![0; 80]].concat()))
    }

    fn of(bytes: &[u8]) -> Reading {
        read(Part { bytes, at: 0, total: Some(bytes.len() as u64) })
    }

    fn seconds(seconds: f64) -> Reading {
        Reading::Known(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn an_mp4_says_its_length_before_or_after_its_media() {
        let (head, media) = (boxed(b"ftyp", b"isom"), boxed(b"mdat", &[7; 5000]));
        assert_eq!(of(&[&head[..], &moov(14_500), &media].concat()), seconds(14.5));
        let late = [&head[..], &media, &boxed(b"free", b""), &moov(2_000)].concat();
        assert_eq!(of(&late), seconds(2.0));
        let start = Part { bytes: &late[..1000], at: 0, total: Some(late.len() as u64) };
        let Reading::At(at) = read(start) else { panic!("{:?}", read(start)) };
        assert_eq!(at, (head.len() + media.len()) as u64);
        assert_eq!(read(Part { bytes: &late[usize::try_from(at).unwrap()..], at, ..start }), seconds(2.0));
    }

    #[test]
    fn an_mp4_of_the_long_kinds_is_read_too() {
        let long = [&[1, 0, 0, 0][..], &[0; 16], &90_000_u32.to_be_bytes(), &(90_000_u64 * 100_000).to_be_bytes(), &[0; 80]].concat();
        assert_eq!(of(&boxed(b"moov", &boxed(b"mvhd", &long))), seconds(100_000.0));
        let wide = [&1_u32.to_be_bytes()[..], b"mdat", &24_u64.to_be_bytes(), &[0; 8], &moov(1_000)].concat();
        assert_eq!(of(&wide), seconds(1.0));
    }

    #[test]
    fn a_file_that_ends_too_early_is_cut() {
        let whole = [boxed(b"ftyp", b"isom"), boxed(b"mdat", &[7; 5000]), moov(2_000)].concat();
        assert_eq!(of(&whole[..3000]), Reading::Cut);
        assert_eq!(of(&whole[..12 + 5008]), Reading::Cut, "nothing says how to play what is there");
        assert_eq!(of(&wav_of(8_000, 16_000)[..500]), Reading::Cut);
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        for bytes in [&moov(0)[..], &moov(u32::MAX), b"", b"GIF89a", b"\0\0\0\x03ftyp", b"\0\0\0\0mdat", &[0xff; 200]] {
            assert_eq!(of(bytes), Reading::Unknown, "{bytes:?}");
        }
    }

    fn wav_of(rate: u32, size: u32) -> Vec<u8> {
        let format = [&[1, 0, 1, 0][..], &rate.to_le_bytes(), &rate.to_le_bytes(), &[1, 0, 8, 0]].concat();
        let chunk = |kind: &[u8], body: &[u8]| [kind, &u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat();
        let chunks = [chunk(b"LIST", b"ab"), chunk(b"fmt ", &format), chunk(b"data", &vec![0; size as usize])].concat();
        [&b"RIFF"[..], &[0; 4], b"WAVE", &chunks].concat()
    }

    #[test]
    fn a_wav_has_its_bytes_and_their_rate() {
        assert_eq!(of(&wav_of(8_000, 12_000)), seconds(1.5));
        let mut piped = wav_of(8_000, 4_000);
        let size = piped.len() - 4_004;
        piped[size..size + 4].fill(0xff);
        assert_eq!(of(&piped), seconds(0.5));
        assert_eq!(read(Part { bytes: &piped, at: 0, total: None }), Reading::Unknown);
    }

    fn mp3_of(frames: u32) -> Vec<u8> {
        [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 32], b"Xing", &1_u32.to_be_bytes(), &frames.to_be_bytes(), &[0; 300]].concat()
    }

    #[test]
    fn an_mp3_counts_its_frames_or_says_nothing() {
        assert_eq!(of(&mp3_of(44_100)), seconds(1152.0));
        let tagged = [b"ID3\x04\0\0\0\0\x02\x01", &[0; 257][..], &mp3_of(44_100)].concat();
        assert_eq!(of(&tagged), seconds(1152.0));
        assert_eq!(read(Part { bytes: &tagged[..100], at: 0, total: None }), Reading::At(267));
        assert_eq!(of(&[&[0xff, 0xfb, 0x90, 0x00][..], &[0; 400]].concat()), Reading::Unknown);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_go_on_for_ever(
            start in 0..6_usize, bytes in proptest::collection::vec(any::<u8>(), 0..400), at: u64, total: Option<u64>,
        ) {
            let starts: [&[u8]; 6] = [b"", b"\0\0\0\x08ftyp", b"\0\0\0\x01mdat", b"RIFF\0\0\0\0WAVE", b"ID3\x04\0\0", b"\xff\xfb\x90\0"];
            let bytes = [starts[start], &bytes].concat();
            read(Part { bytes: &bytes, at, total });
        }
    }
}
