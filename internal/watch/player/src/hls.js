// hls.js in a file of its own: it is nearly all of the player's bytes, and who only reads the page never runs it.
import Hls from "hls.js";

globalThis.filmpressHls = Hls;
