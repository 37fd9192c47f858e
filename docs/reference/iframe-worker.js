// Browsers start no worker of a page that is a file: the search then runs in a hidden frame.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inner = frame.contentWindow;
      window.addEventListener("message", event => {
        if (event.source === inner)
          this.dispatchEvent(new MessageEvent("message", { data: event.data }));
      });
      this.loaded = new Promise(resolve => {
        const script = inner.document.createElement("script");
        inner.postMessage = message => window.dispatchEvent(
          new MessageEvent("message", { data: message, source: inner }));
        script.src = new URL(url, location);
        script.onload = resolve;
        inner.document.body.append(script);
      });
      this.send = data => inner.dispatchEvent(new MessageEvent("message", { data }));
    }
    postMessage(data) {
      this.loaded.then(() => this.send(data));
    }
  };
