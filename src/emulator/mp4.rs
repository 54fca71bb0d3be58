//! The emulator's video: one flat colour, with the length and the size of the movie, in an MP4 that plays everywhere.
//! It does not render: the file exists so that downloads, players and checks have a real video.

use std::time::Duration;

use super::h264::Picture;

/// Milliseconds, so that the length is exact.
const TIMESCALE: u32 = 1000;

/// The shortest frame, milliseconds.
const SHORTEST_FRAME: u32 = 40;

/// A long movie gets longer frames instead of more than this many, so that the file stays small.
const MOST_FRAMES: u32 = 3000;

/// The identity matrix of picture and track.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// The bytes of the file.
pub(super) fn file(picture: Picture, length: Duration) -> Vec<u8> {
    let movie = Film::new(picture, length);
    let mut file = boxed(*b"ftyp", &[b"isom".to_vec(), be(&[0x200]), b"isomiso2avc1mp41".to_vec()]);
    // The size of `moov` does not depend on the offset in it.
    let before_media = file.len() + movie.moov(0).len() + 8;
    file.extend(movie.moov(u32::try_from(before_media).unwrap_or(u32::MAX)));
    file.extend(boxed(*b"mdat", &movie.samples));
    file
}

/// The frames and their durations.
struct Film {
    picture: Picture,
    millis: u32,
    frame_millis: u32,
    samples: Vec<Vec<u8>>,
}

impl Film {
    fn new(picture: Picture, length: Duration) -> Self {
        let millis = u32::try_from(length.as_millis()).unwrap_or(u32::MAX).max(1);
        let frame_millis = millis.div_ceil(MOST_FRAMES).max(SHORTEST_FRAME);
        let repeats = (1..millis.div_ceil(frame_millis)).map(|number| sample(&picture.repeat_frame(number)));
        let samples = std::iter::once(sample(&picture.key_frame())).chain(repeats).collect();
        Self { picture, millis, frame_millis, samples }
    }

    fn count(&self) -> u32 {
        number(self.samples.len())
    }

    fn moov(&self, media_at: u32) -> Vec<u8> {
        let head =
            full(*b"mvhd", 0, &[be(&[0, 0, TIMESCALE, self.millis, 0x1_0000, 0x0100_0000, 0, 0]), be(&UPRIGHT), be(&[0; 6]), be(&[2])]);
        boxed(*b"moov", &[head, self.track(media_at)])
    }

    fn track(&self, media_at: u32) -> Vec<u8> {
        let size = be(&[self.picture.width << 16, self.picture.height << 16]);
        let head = full(*b"tkhd", 3, &[be(&[0, 0, 1, 0, self.millis, 0, 0, 0, 0]), be(&UPRIGHT), size]);
        boxed(*b"trak", &[head, self.media(media_at)])
    }

    fn media(&self, media_at: u32) -> Vec<u8> {
        const UNDETERMINED_LANGUAGE: u32 = 0x55c4_0000;
        let head = full(*b"mdhd", 0, &[be(&[0, 0, TIMESCALE, self.millis, UNDETERMINED_LANGUAGE])]);
        let handler = full(*b"hdlr", 0, &[be(&[0]), b"vide".to_vec(), be(&[0; 3]), b"j2v emulator\0".to_vec()]);
        let here = full(*b"url ", 1, &[]);
        let sources = boxed(*b"dinf", &[full(*b"dref", 0, &[be(&[1]), here])]);
        let information = boxed(*b"minf", &[full(*b"vmhd", 1, &[be(&[0, 0])]), sources, self.table(media_at)]);
        boxed(*b"mdia", &[head, handler, information])
    }

    fn table(&self, media_at: u32) -> Vec<u8> {
        let (all_but_last, last) = (self.count() - 1, self.millis - (self.count() - 1) * self.frame_millis);
        let times = if all_but_last == 0 { be(&[1, 1, last]) } else { be(&[2, all_but_last, self.frame_millis, 1, last]) };
        let sizes: Vec<u32> = self.samples.iter().map(|sample| number(sample.len())).collect();
        boxed(
            *b"stbl",
            &[
                full(*b"stsd", 0, &[be(&[1]), self.entry()]),
                full(*b"stts", 0, &[times]),
                full(*b"stss", 0, &[be(&[1, 1])]),
                full(*b"stsc", 0, &[be(&[1, 1, self.count(), 1])]),
                full(*b"stsz", 0, &[be(&[0, self.count()]), be(&sizes)]),
                full(*b"stco", 0, &[be(&[1, media_at])]),
            ],
        )
    }

    fn entry(&self) -> Vec<u8> {
        const DPI_72: u32 = 0x48_0000;
        let size = be(&[self.picture.width << 16 | self.picture.height]);
        let frames_a_sample_and_no_name = [vec![0, 1], vec![0; 32]].concat();
        let depth = vec![0, 24, 0xff, 0xff];
        let reference = be(&[0, 1]);
        boxed(*b"avc1", &[reference, be(&[0; 4]), size, be(&[DPI_72, DPI_72, 0]), frames_a_sample_and_no_name, depth, self.configuration()])
    }

    fn configuration(&self) -> Vec<u8> {
        let (sequence, picture) = (self.picture.sequence_parameters(), Picture::picture_parameters());
        let head = vec![1, sequence[1], sequence[2], sequence[3], 0xff];
        boxed(*b"avcC", &[head, [vec![0xe1], short(&sequence)].concat(), [vec![1], short(&picture)].concat()])
    }
}

fn sample(unit: &[u8]) -> Vec<u8> {
    [be(&[number(unit.len())]), unit.to_vec()].concat()
}

fn short(unit: &[u8]) -> Vec<u8> {
    [&u16::try_from(unit.len()).unwrap_or(u16::MAX).to_be_bytes()[..], unit].concat()
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn be(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn boxed(name: [u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    [&be(&[number(content.len() + 8)])[..], &name, &content].concat()
}

/// A box of version 0 with flags.
fn full(name: [u8; 4], flags: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    boxed(name, &[be(&[flags]), parts.concat()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(bytes: &[u8]) -> Vec<(String, &[u8])> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let size = usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap();
            found.push((String::from_utf8(rest[4..8].to_vec()).unwrap(), &rest[8..size]));
            rest = &rest[size..];
        }
        found
    }

    fn inside<'a>(bytes: &'a [u8], path: &[&str]) -> &'a [u8] {
        path.iter().fold(bytes, |bytes, name| boxes(bytes).into_iter().find(|(found, _)| found == name).unwrap().1)
    }

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    const SD: Picture = Picture { width: 640, height: 480, colour: [120, 100, 150] };

    #[test]
    fn the_index_stands_before_the_media() {
        let bytes = file(SD, Duration::from_secs(5));
        let names: Vec<String> = boxes(&bytes).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["ftyp", "moov", "mdat"]);
    }

    #[test]
    fn length_and_size_are_those_asked_for() {
        let bytes = file(SD, Duration::from_millis(7_310));
        let track = inside(&bytes, &["moov", "trak", "tkhd"]);
        assert_eq!(word(inside(&bytes, &["moov", "mvhd"]), 16), 7_310);
        assert_eq!((word(track, 76) >> 16, word(track, 80) >> 16), (640, 480));
        let times = inside(&bytes, &["moov", "trak", "mdia", "minf", "stbl", "stts"]);
        assert_eq!(word(times, 8) * word(times, 12) + word(times, 16) * word(times, 20), 7_310);
    }

    #[test]
    fn the_first_sample_is_where_the_index_says() {
        let bytes = file(SD, Duration::from_secs(1));
        let offset = usize::try_from(word(inside(&bytes, &["moov", "trak", "mdia", "minf", "stbl", "stco"]), 8)).unwrap();
        assert_eq!(bytes[offset + 4], 0x65);
    }

    #[test]
    fn every_movie_makes_a_small_file() {
        for (width, height, seconds) in [(640, 480, 5), (1920, 1080, 60), (3840, 2160, 7200), (3840, 3840, 86_400), (50, 50, 1)] {
            let picture = Picture { width, height, colour: [120, 100, 150] };
            assert!(file(picture, Duration::from_secs(seconds)).len() < 200_000);
        }
    }
}
