// Stands where hls.js has what no release of ours needs: it finds nothing in a film, and does nothing beside it.
export default class None {
  static probe() {
    return false;
  }

  destroy() {}
}
