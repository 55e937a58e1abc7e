package store

// followAssets brings what is derived from assets up to date: the words and
// keys they are found by, and the home site and kind of the workstations on them.
func (es edits) followAssets(t tx) error {
	keys := es.keys()
	for _, table := range []string{"asset_words", "asset_keys"} {
		err := chunks(t, keys, func(keys []string) error {
			_, err := t.exec("DELETE FROM "+table+" WHERE tag IN ("+t.marks(len(keys))+")", anys(keys)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	var words, identities []any
	for _, e := range es {
		if e.after == nil {
			continue
		}
		a := e.after.asset
		for _, word := range append(searchWords(a.Tag, a.Serial, a.Name, a.Maker, a.Model), macWords(a.MACs)...) {
			words = append(words, []byte(word), a.Tag)
		}
		for _, key := range a.Identity().Keys() {
			identities = append(identities, key.Kind, key.Value, a.Tag)
		}
	}
	if _, err := t.insert("INSERT INTO asset_words (word, tag)", 2, words, "ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	if _, err := t.insert("INSERT INTO asset_keys (kind, value, tag)", 3, identities, "ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	return chunks(t, keys, func(keys []string) error {
		_, err := t.exec("UPDATE workstations SET"+
			" home_site = (SELECT a.site FROM assets a WHERE a.tag = workstations.asset_tag),"+
			" kind = (SELECT a.kind FROM assets a WHERE a.tag = workstations.asset_tag)"+
			" WHERE replaced_by = '' AND asset_tag IN (SELECT tag FROM assets WHERE tag IN ("+t.marks(len(keys))+"))", anys(keys)...)
		return err
	})
}
