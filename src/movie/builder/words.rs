//! The words that the service knows. A newer one is set by name: `set("resolution", "…")`.

use crate::movie::json::Node;

macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// The word that the service knows.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl From<$name> for Node {
            fn from(word: $name) -> Self {
                Self::string(word.as_str())
            }
        }
    )*};
}

words! {
    /// A size of the picture (`movie-format.md#resolutions`); `Movie::size` takes any other.
    Resolution {
        /// 640 × 360.
        Sd = "sd",
        /// 1280 × 720.
        Hd = "hd",
        /// 1920 × 1080.
        FullHd = "full-hd",
        /// 1080 × 1080.
        Squared = "squared",
        /// 1080 × 1920.
        InstagramStory = "instagram-story",
        /// 1080 × 1080.
        InstagramFeed = "instagram-feed",
        /// 1600 × 900.
        TwitterLandscape = "twitter-landscape",
        /// 1080 × 1350.
        TwitterPortrait = "twitter-portrait",
    }

    /// The quality of the picture (`movie-format.md#movie`).
    Quality {
        /// Small files.
        Low = "low",
        /// In between.
        Medium = "medium",
        /// The service's default.
        High = "high",
    }

    /// The position of a visual element (`movie-format.md#element`); `Element::at` accepts pixels.
    Position {
        /// Top left.
        TopLeft = "top-left",
        /// Top right.
        TopRight = "top-right",
        /// Bottom left.
        BottomLeft = "bottom-left",
        /// Bottom right.
        BottomRight = "bottom-right",
        /// The centre.
        Center = "center-center",
    }

    /// How an element is made to fit the picture (`movie-format.md#element`).
    Resize {
        /// Fills the picture; the excess is cut.
        Cover = "cover",
        /// Fills the picture.
        Fill = "fill",
        /// Fits into the picture.
        Fit = "fit",
        /// Wholly inside the picture.
        Contain = "contain",
    }

    /// Where the camera moves over an image or a video (`movie-format.md#element`).
    Pan {
        /// To the left.
        Left = "left",
        /// To the right.
        Right = "right",
        /// Up.
        Top = "top",
        /// Down.
        Bottom = "bottom",
        /// Up to the left.
        TopLeft = "top-left",
        /// Up to the right.
        TopRight = "top-right",
        /// Down to the left.
        BottomLeft = "bottom-left",
        /// Down to the right.
        BottomRight = "bottom-right",
    }
}
