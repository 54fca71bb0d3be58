class J2v < Formula
  desc "@description@"
  homepage "@homepage@"
  version "@version@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@url:aarch64-apple-darwin@"
      sha256 "@sha256:aarch64-apple-darwin@"
    end
    on_intel do
      url "@url:x86_64-apple-darwin@"
      sha256 "@sha256:x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@url:aarch64-unknown-linux-musl@"
      sha256 "@sha256:aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@url:x86_64-unknown-linux-musl@"
      sha256 "@sha256:x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "j2v"
    man1.install Dir["man1/*.1"]
    bash_completion.install "completions/j2v.bash" => "j2v"
    fish_completion.install "completions/j2v.fish"
    zsh_completion.install "completions/_j2v"
    doc.install "README.md", "SECURITY.md", "docs", "examples"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/j2v --version")
    system bin/"j2v", "init"
    assert_match '"status":"done"', shell_output("#{bin}/j2v submit listing.json --emulate --wait --json")
  end
end
