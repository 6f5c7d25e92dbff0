import CSijillSystem

extension String {
    /// Cells that a terminal gives the text: marks have none, Chinese characters two. Not for text with controls.
    package var cellWidth: Int {
        unicodeScalars.reduce(0) { $0 + max(0, Int(sijill_cell_width($1.value))) }
    }
}
